"""Reports of mail servers that a mail could not be delivered, in the forms of those that most mail meets; `ID` is what they return."""

from __future__ import annotations

POSTFIX = """Return-Path: <>
From: MAILER-DAEMON@mx.example.net (Mail Delivery System)
To: bounces@example.org
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="B1"

--B1
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered.

--B1
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net
Arrival-Date: Tue, 25 Mar 2025 08:00:01 +0000 (UTC)

Final-Recipient: rfc822; ada@example.org
Original-Recipient: rfc822;ada@example.org
Action: ACTION
Status: STATUS
Remote-MTA: dns; mail.example.org
Diagnostic-Code: smtp; SAID

--B1
Content-Type: message/rfc822

From: Concordat <alerts@example.org>
To: ada@example.org
Subject: 3 stories
Message-ID: ID
MIME-Version: 1.0
Content-Type: text/plain

CONCORDAT
--B1--
"""
# headers only, folded, and the words of the server in another place
EXCHANGE = """From: <postmaster@example.org>
To: <bounces@example.org>
Subject: Undeliverable: 3 stories
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="_000_b2"

--_000_b2
Content-Type: multipart/alternative; boundary="in"

--in
Content-Type: text/plain; charset="us-ascii"

Your message couldn't be delivered.
--in--

--_000_b2
Content-Type: message/delivery-status

Reporting-MTA: dns;mail.example.org

Final-recipient: RFC822;ada@example.org
Action: ACTION
Status: STATUS
Diagnostic-code: smtp;SAID

--_000_b2
Content-Type: text/rfc822-headers
Content-Transfer-Encoding: quoted-printable

Received: from x by y
Message-ID:
 ID
Subject: 3 stories

--_000_b2--
"""
COMPLAINT = """From: <abuse@mail.example.net>
To: <bounces@example.org>
Subject: FW: 3 stories
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="B3"

--B3
Content-Type: text/plain

This is an email abuse report.
--B3
Content-Type: message/feedback-report

Feedback-Type: abuse
User-Agent: SomeGenerator/1.0
Version: 1

--B3
Content-Type: message/rfc822

From: Concordat <alerts@example.org>
Message-ID: ID

text
--B3--
"""
FORMS = {"postfix": POSTFIX, "exchange": EXCHANGE}


def report(
    form: str, message_id: str, status: str = "5.1.1", said: str = "550 5.1.1 <ada@example.org> unknown", action: str = "failed"
) -> bytes:
    """A report of one of the forms, as it lies in a maildir."""
    values = {"STATUS": status, "ACTION": action, "SAID": said, "Message-ID: ID": f"Message-ID: {message_id}", "\n ID": f"\n {message_id}"}
    for word, value in values.items():
        form = form.replace(word, value)
    return form.encode()
