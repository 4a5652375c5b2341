"""Real servers of mail and of files to log in to, with logs that say what they were asked."""

from __future__ import annotations

import contextlib
import grp
import os
import pwd
import re
import signal
import subprocess
import time

from loginservers import PASSWORD, USER, Server, running, until
from registries import program

# What Exim is told of logins: it offers them where the connection is encrypted, or to all.
UNDER_TLS, ALWAYS = "auth_advertise_hosts = ${if eq{$tls_in_cipher}{}{}{*}}", "auth_advertise_hosts = *"
_KINDS = {
    "PLAIN": f"driver = plaintext\nserver_prompts = :\nserver_condition = ${{if and{{{{eq{{$auth2}}{{{USER}}}}}{{eq{{$auth3}}{{{PASSWORD}}}}}}}}}",
    "LOGIN": f"driver = plaintext\nserver_prompts = Username:: : Password::\nserver_condition = ${{if and{{{{eq{{$auth1}}{{{USER}}}}}{{eq{{$auth2}}{{{PASSWORD}}}}}}}}}",
    "CRAM-MD5": f"driver = cram_md5\nserver_secret = ${{if eq{{$auth1}}{{{USER}}}{{{PASSWORD}}}fail}}",
}


def takes(*kinds: str) -> str:
    """The part of Exim's configuration that says which kinds of login it takes, of one user with one password; it comes last."""
    return "\n".join(["begin authenticators", *(f"{kind.lower().replace('-', '')}:\npublic_name = {kind}\n{_KINDS[kind]}" for kind in kinds)])


class Exim(Server):
    """With TLS on a port of its own and STARTTLS on the other; ``more`` takes the place of what it usually says of logins."""

    account = "Debian-exim"

    @contextlib.contextmanager
    def started(self, *more):
        folder, tls = self.folder.path, self.authority
        config = [
            *(f"spool_directory = {folder}/spool", f"log_file_path = {folder}/%s.log", f"pid_file_path = {folder}/pid", "log_selector = +all"),
            *("local_interfaces = 127.0.0.1", f"daemon_smtp_ports = {self.port} : {self.tls_port}", f"tls_on_connect_ports = {self.tls_port}"),
            *(f"tls_certificate = {tls.certificate}", f"tls_privatekey = {tls.key}", "primary_hostname = mail.corp", "keep_environment ="),
            # It stays who it is where it cannot become the user of its package.
            *([] if os.geteuid() == 0 else [f"exim_user = {os.geteuid()}", f"exim_group = {os.getegid()}"]),
            *(more or (UNDER_TLS, takes("PLAIN", "LOGIN"))),
        ]
        (folder / "conf").write_text("\n".join(config) + "\n")
        with running(self.folder, [program("exim4"), "-C", folder / "conf", "-bdf"], self.tls_port, start_new_session=True) as process:
            yield
        # Its children have connections of their own to end, and make the log again where it is gone.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
            for _ in range(10):
                time.sleep(0.02)
                os.killpg(process.pid, 0)

    def url(self, user=USER, password=PASSWORD, scheme="smtp", query=""):
        return f"{scheme}://{user}:{password}@127.0.0.1:{self.tls_port if scheme == 'smtps' else self.port}/{query}"

    def heard(self, count):
        """Of each connection that has ended and in which something was said, so many at least: its commands, but for the farewell, which may come too late."""
        until(lambda: len(self._log()) >= count)
        return self._log()

    def _log(self):
        # It speaks to its caller where that one is nobody special.
        logs = [path.read_text() for name in ("main.log", "log") if (path := self.folder.path / name).exists()]
        return [commands.removesuffix(",QUIT") for commands in re.findall(r" C=(\S+)", "".join(logs))]


class ProFTPD(Server):
    """With one user, TLS where it is asked for (AUTH TLS), and from the first byte on a port of its own; ``more`` are lines of its configuration."""

    account = "proftpd"

    @contextlib.contextmanager
    def started(self, *more):
        server, folder, tls = program("proftpd"), self.folder.path, self.authority
        me = self._me()
        (folder / "home").mkdir()
        kept = subprocess.run([program("openssl"), "passwd", "-6", "-stdin"], input=PASSWORD, capture_output=True, text=True, check=True).stdout.strip()
        (folder / "users").write_text(f"{USER}:{kept}:{me.pw_uid}:{me.pw_gid}::{folder}/home:/bin/sh\n")
        for secret in (folder / "users", tls.key):
            secret.chmod(0o600)
        context = [f"TLSECCertificateFile {tls.certificate}", f"TLSECCertificateKeyFile {tls.key}", *([] if "TLSEngine off" in more else ["TLSEngine on"])]
        asked = [f"AuthUserFile {folder}/users", "AuthOrder mod_auth_file.c", f"ExtendedLog {folder}/heard ALL heard"]
        config = [
            *("ModulePath /usr/lib/proftpd", "LoadModule mod_tls.c"),
            *("ServerType standalone", "ServerName corp", "DefaultAddress 127.0.0.1", "SocketBindTight on", f"Port {self.port}"),
            *(f"User {me.pw_name}", f"Group {grp.getgrgid(me.pw_gid).gr_name}", "UseReverseDNS off", "WtmpLog off", "TransferLog none", "ControlsEngine off"),
            *(f"SystemLog {folder}/system", f"PidFile {folder}/pid", f"ScoreboardFile {folder}/board", "RequireValidShell off"),
            *("DelayEngine off", 'LogFormat heard "%m %s"', *asked, *context, *more),
            *(f"<VirtualHost 127.0.0.1>\nPort {self.tls_port}", *asked, *context, "TLSOptions UseImplicitSSL", "</VirtualHost>"),
        ]
        (folder / "conf").write_text("\n".join(config) + "\n")
        with running(self.folder, [server, "-n", "-c", folder / "conf"], self.tls_port):
            yield

    def _me(self):
        return pwd.getpwnam(self.account) if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())

    def anonymous(self, *users):
        """A part of its configuration: users that are let in with any password."""
        program("proftpd")  # its user comes with it
        me = self._me().pw_name
        return "\n".join([f"<Anonymous {self.folder.path}/home>", f"User {me}", *(f"UserAlias {user} {me}" for user in users), "</Anonymous>"])

    def url(self, user=USER, password=PASSWORD, scheme="ftp"):
        return f"{scheme}://{user}:{password}@127.0.0.1:{self.tls_port if scheme == 'ftps' else self.port}/"

    def heard(self, count=0):
        """The commands it was given, so many at least, each with its answer's code, but for the farewell, which may come too late."""
        until(lambda: len(self._log()) >= count)
        return self._log()

    def _log(self):
        log = self.folder.path / "heard"
        return [line for line in log.read_text().splitlines() if not line.startswith("QUIT")] if log.exists() else []
