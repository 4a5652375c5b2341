"""What a connection string of keys and values asks for: ADO.NET's and ODBC's (`Server=...;Uid=...;Pwd=...`), libpq's (`host=... user=... password=...`).

Such a string seldom says which kind of server it is for.  Where its keys do not tell either, nothing is asked: a password is
not tried at servers of several kinds.
"""

from __future__ import annotations

from leaksieve.verifiers.address import host_of
from leaksieve.verifiers.base import Failed, Subject
from leaksieve.verifiers.servers.target import MOST, Target, made, option, port_of

# In the name of a driver (ODBC) or provider (OLE DB) -> scheme.
_DRIVERS = {"postgres": "postgresql", "psqlodbc": "postgresql", "npgsql": "postgresql", "mysql": "mysql", "mariadb": "mysql"}
_PORTS = {5432: "postgresql", 6432: "postgresql", 3306: "mysql"}
_SQL_SERVER_PORT = 1433
# Values of SslMode that one kind of driver alone knows.
_MODES = {"none": "mysql", "preferred": "mysql", "required": "mysql", "disabled": "mysql"}
_MODES |= dict.fromkeys(("disable", "allow", "prefer", "require"), "postgresql")
_USUAL = {"postgresql": 5432, "mysql": 3306}


def read(subject: Subject) -> Target:
    """What the parts of a connection string ask for: `host` of the key Host or `server` of Server and Data Source, and where there are any `driver`, `port`,
    `user`, `database`, `tls` and `certificate` (key and value each).  Raises Failed for what cannot be asked.
    """
    host, server = subject.optional("host"), subject.optional("server")
    options = {option(name): value.strip() for name, mark, value in (subject.optional(part).partition("=") for part in ("tls", "certificate")) if mark}
    at = (host or server).strip()
    if not at:
        raise Failed("missing-parts", "its server and its end stand in no form that is read in one way only")
    user = subject.optional("user").strip()
    if not user:
        raise Failed("missing-parts", "no user stands in it")
    # libpq and Npgsql know several hosts, libpq as many ports or one.
    places = [_split(text, several=bool(host)) for text in (at.split(",") if host else [at])]
    ports = subject.optional("port").split(",")
    if len(ports) not in (1, len(places)):
        raise Failed("unfit", "it has other ports than hosts")
    ports = ports * len(places) if len(ports) == 1 else ports
    database = subject.optional("database").strip()
    scheme = _scheme(subject.optional("driver").lower(), bool(host), bool(database), places[0][1] or ports[0], options)
    (first, *more) = [(name, port_of(behind or port, _USUAL[scheme])) for (name, behind), port in zip(places, ports, strict=True)][:MOST]
    target = made(scheme, first, (user, subject.text()), database, options)
    return target._replace(more=tuple((host_of(name), port) for name, port in more))


def _split(server: str, *, several: bool) -> tuple[str, str]:
    """A server's name and its port, which stands behind it in some ways.  Raises Failed for SQL Server's own."""
    if not several and (server.lower().startswith(("tcp:", "np:", "lpc:", "(local", ".\\")) or "\\" in server or "," in server):
        raise _sql_server()
    host, _, port = server.partition(":")
    return host, port


def _scheme(driver: str, host: bool, database: bool, port: str, options: dict[str, str]) -> str:
    if driver:
        if "sql server" in driver or "sqloledb" in driver or "msoledbsql" in driver or "sqlncli" in driver or "freetds" in driver:
            raise _sql_server()
        known = next((scheme for name, scheme in _DRIVERS.items() if name in driver), None)
        if known is None:
            raise Failed("no-verifier", "no verifier logs in to this kind of server")
        return known
    number = port_of(port, 0) if port else 0
    if number == _SQL_SERVER_PORT or "encrypt" in options:
        raise _sql_server()
    told = {_PORTS.get(number), _MODES.get(options.get("sslmode", "").lower())} - {None}
    if len(told) == 1:
        return str(told.pop())
    # Npgsql's key, libpq's too; other drivers say Server, and what is no database has none.
    if host and database and not told:
        return "postgresql"
    raise Failed("no-verifier", "it does not say for which kind of server it is")


def _sql_server() -> Failed:
    return Failed("no-verifier", "SQL Server's login is not spoken here")
