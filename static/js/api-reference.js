// The API's reference. A file of its own, since the content security policy lets no inline script run.
const reference = document.getElementById("reference");

window.SwaggerUIBundle({
  url: reference.dataset.schemaUrl,
  domNode: reference,
  deepLinking: true,
  validatorUrl: null,
  presets: [window.SwaggerUIBundle.presets.apis],
  requestInterceptor(request) {
    const token = document.cookie.match(/(?:^|; )(?:__Host-)?csrftoken=([^;]+)/);
    if (token) request.headers["X-CSRFToken"] = token[1];
    return request;
  },
});
