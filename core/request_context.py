"""Which request is being answered: for log lines, audit rows and error answers.

Empty outside a request (a task, a command). Set by core.middleware.RequestContextMiddleware and by nothing else.
"""

from contextvars import ContextVar

request_id: ContextVar[str] = ContextVar("request_id", default="")
ip: ContextVar[str] = ContextVar("ip", default="")
