"""E-mail over SMTP."""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass, replace
from email.message import EmailMessage
from email.utils import format_datetime
from urllib.parse import unquote, urlsplit

from backend.domains.notifications.rules.delivering import Fault, Parcel
from backend.domains.notifications.rules.letters import Letter, confirmation, digest, letter

_TIMEOUT_S = 15
_LASTING = range(500, 600)


@dataclass(frozen=True, slots=True)
class MailChannel:
    """A mail server: `smtp://user:password@host:587` (TLS where the server offers it, always before a password), `smtps://host:465`."""

    url: str
    sender: str
    secret_key: str

    def send(self, parcel: Parcel) -> Fault | None:
        """Mail it; the Message-ID is the delivery's. A server that cannot be reached is a fault of the channel, not of the mail.

        What a server answers may name the address; a fault, which is kept and logged, does not.
        """
        fault = self._send(parcel)
        return None if fault is None else replace(fault, text=fault.text.replace(parcel.address, "<…>"))

    def _send(self, parcel: Parcel) -> Fault | None:
        if not self.url:
            return Fault("no mail server is set up", down=True)
        message = self._message(parcel)
        try:
            with self._open() as server:
                server.send_message(message)
        except smtplib.SMTPRecipientsRefused as refused:
            code, text = next(iter(refused.recipients.values()))
            return Fault(f"{code} {_plain(text)}", lasting=code in _LASTING)
        except (smtplib.SMTPSenderRefused, smtplib.SMTPAuthenticationError, smtplib.SMTPConnectError, smtplib.SMTPHeloError) as refused:
            return Fault(f"{refused.smtp_code} {_plain(refused.smtp_error)}", down=True)
        except smtplib.SMTPDataError as refused:
            return Fault(f"{refused.smtp_code} {_plain(refused.smtp_error)}", down=refused.smtp_code == 421)
        except (smtplib.SMTPException, OSError) as error:
            return Fault(f"{type(error).__name__}: {error}", down=True)
        return None

    def _open(self) -> smtplib.SMTP:
        parts = urlsplit(self.url)
        host, user = parts.hostname or "", unquote(parts.username or "")
        context = ssl.create_default_context()
        server: smtplib.SMTP
        if parts.scheme == "smtps":
            server = smtplib.SMTP_SSL(host, parts.port or 465, timeout=_TIMEOUT_S, context=context)
        else:
            server = smtplib.SMTP(host, parts.port or 25, timeout=_TIMEOUT_S)
        try:
            server.ehlo_or_helo_if_needed()
            if parts.scheme != "smtps" and (user or server.has_extn("starttls")):
                server.starttls(context=context)  # raises where it is not offered: a password goes over no open line
            if user:
                server.login(user, unquote(parts.password or ""))
        except BaseException:
            server.close()
            raise
        return server

    def _message(self, parcel: Parcel) -> EmailMessage:
        said = self._letter(parcel)
        message = EmailMessage()
        message["Subject"] = said.subject
        message["From"] = self.sender
        message["To"] = parcel.address
        message["Date"] = format_datetime(parcel.at)
        message["Message-ID"] = f"<{parcel.delivery}@{_domain(self.sender)}>"
        message["Auto-Submitted"] = "auto-generated"
        message["Content-Language"] = "zh-CN" if parcel.language == "zh" else "en"
        message.set_content(said.text)
        return message

    def _letter(self, parcel: Parcel) -> Letter:
        if parcel.token is not None:
            return confirmation(self.secret_key, parcel.token, parcel.language)
        return digest(parcel.lines, parcel.language) if parcel.what == "digest" else letter(parcel.lines[0], parcel.language)


def _domain(sender: str) -> str:
    return sender.rpartition("@")[2].strip("<> ") or "localhost"


def _plain(text: bytes | str) -> str:
    return " ".join((text.decode("utf-8", "replace") if isinstance(text, bytes) else text).split())
