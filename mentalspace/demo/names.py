"""The patients of the demo clinic: invented names, by where they live. The letter says woman, man or non-binary."""

GENDERS = {"w": "Woman", "m": "Man", "n": "Non-binary"}

IN_LONDON = """
w Amara Lewis, m Oliver Bennett, w Priya Nair, m Kwame Mensah, w Charlotte Hughes, m Yusuf Demir, w Siân Morgan,
m Callum Reid, w Zofia Kowalska, m Nathan Brooks, w Leila Haddad, n Robin Ashdown, m Harpreet Gill, w Ebony Clarke,
m Stephen Walsh, w Ngozi Eze, m Luca Ferrari, w Hannah Goldberg, m Ravi Desai, w Beatrice Osei, m James Whitlock,
w Thuy Nguyen, m Dylan Rees, w Margaret Doyle, m Ahmed Farouk, w Isabel Fonseca, m Samuel Okoro, w Rachel Turner,
m Marcin Nowak, w Fatima Rahman, m George Pemberton, w Aoife Brennan, m Tendai Moyo, w Lucy Chamberlain, m Wei Zhang,
w Ruth Cartwright, n Alex Marlowe, m Patrick Nolan, w Sadia Malik, m Edward Lyons, w Jasmine Campbell, m Viktor Petrov,
w Emily Thornton, m Hassan Abdi, w Caroline Frost, m Jerome Baptiste, w Nadia Karim, m Owen Pritchard, w Helen Stavros,
m Matthew Sutton, w Chloe Ransome, m Babak Tehrani, w Dorothy Finch, m Ben Aldridge, w Yetunde Bello, m Joseph Keane
"""

IN_KOLKATA = """
w Ananya Ghosh, m Sourav Chatterjee, w Ishita Sen, m Debashish Roy, w Nusrat Jahan, m Rohan Das, w Moumita Saha,
m Aniket Bose, w Tanvi Kapoor, m Joydeep Dutta, w Paromita Basu, m Imtiaz Alam, w Sneha Agarwal, m Kaushik Nandi,
w Rukhsana Begum, m Vikram Sethi, w Debolina Mitra, m Subhash Pal, w Meera Iyer, m Tenzin Lama, w Oindrila Guha,
m Farhan Karim Khan, w Riya Sarkar, m Manoj Prasad, w Swati Jha, n Kiran Biswas, m Prosenjit Kundu, w Lopamudra Bhowmik,
m Neel Majumdar, w Anjali Oraon, m Rajat Sharma, w Sharmila Kar, m Tapan Halder, w Zara Mirza
"""

ELSEWHERE = """
America/New_York: w Olivia Martinez, m Marcus Johnson, w Grace Kim;
Europe/Dublin: m Cian Murphy, w Niamh Kelleher;
America/Toronto: w Simone Tremblay;
Africa/Lagos: m Chidi Nwosu;
Asia/Dubai: w Reem Saleh;
Australia/Sydney: m Lachlan Reeves, w Georgia Hart
"""

ALIASES = ("Wren", "Blue Harbour", "Fern", "Sparrow", "Quiet River", "Juniper", "Marigold")
