"""What a password must not be: too short, too long, the login itself, or one everybody tries first."""

from __future__ import annotations

PASSWORD_MIN, PASSWORD_MAX = 10, 128

_COMMON = """
0123456789 1111111111 1234512345 1234567890 12345678910 123456789a 1234567891 123123123123 0987654321
1q2w3e4r5t 1qaz2wsx3edc a123456789 aa12345678 abc1234567 abcd123456 abcdefghij asdfghjkl1 asdfghjkl;
administrator changeme123 football123 iloveyou123 letmein123 password01 password10 password11 password12
password123 password1234 password12345 password!! passw0rd123 princess123 q1w2e3r4t5 qazwsxedc1 qwerty1234
qwerty12345 qwerty123456 qwertyuiop qwertyuiop1 qwertyuiop123 sunshine123 superman123 welcome123
welcome1234 woaini1314 woaini1314520 zaq12wsxcde3 zxcvbnm123
"""

COMMON = frozenset(_COMMON.split())


def weakness(password: str, login: str) -> str | None:
    """What is wrong with a new password for a login; None when it will do."""
    if not PASSWORD_MIN <= len(password) <= PASSWORD_MAX:
        return f"Must be {PASSWORD_MIN} to {PASSWORD_MAX} characters long."
    if password.casefold() == login.casefold():
        return "Must not be the login."
    if password.casefold() in COMMON or len(set(password)) < 3:
        return "Is among the first that would be guessed."
    return None
