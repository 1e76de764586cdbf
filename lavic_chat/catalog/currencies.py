"""Currencies as shops write them: ISO 4217 codes, signs and words, and the sign that is shown before a price."""

import re

MAX_CURRENCY = 5  # characters
CODES = frozenset(re.findall(r"\w+", """
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF
    CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD
    HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD
    MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN
    PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SYP SZL THB TJS TMT TND TOP TRY TTD
    TWD TZS UAH UGX USD UYU UZS VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWL
"""))  # fmt: skip
SIGNS = {  # as written -> the code, or the sign where several currencies share it
    "US$": "USD", "US $": "USD", "CA$": "CAD", "C$": "CAD", "AU$": "AUD", "A$": "AUD", "NZ$": "NZD", "HK$": "HKD",
    "NT$": "TWD", "MX$": "MXN", "S$": "SGD", "R$": "BRL", "$": "$", "€": "EUR", "£": "GBP", "¥": "¥", "￥": "¥",
    "₹": "INR", "₽": "RUB", "₩": "KRW", "₺": "TRY", "₴": "UAH", "₪": "ILS", "₫": "VND", "฿": "THB", "₦": "NGN",
    "₱": "PHP", "zł": "PLN", "Kč": "CZK", "Ft": "HUF", "Rs.": "Rs", "Rs": "Rs", "kr.": "kr", "kr": "kr", "euros": "EUR",
    "euro": "EUR", "Euro": "EUR", "eur": "EUR", "usd": "USD", "gbp": "GBP", "chf": "CHF", "Fr.": "CHF",
}  # fmt: skip
SHOWN = {
    "EUR": "€", "USD": "$", "GBP": "£", "INR": "₹", "JPY": "¥", "BRL": "R$", "KRW": "₩", "TRY": "₺", "UAH": "₴",
    "ILS": "₪", "VND": "₫", "PHP": "₱", "CAD": "CA$", "AUD": "A$", "NZD": "NZ$", "HKD": "HK$", "TWD": "NT$",
}  # fmt: skip
WRITTEN = "|".join((*map(re.escape, sorted(SIGNS, key=len, reverse=True)), r"[A-Z]{3}"))
BEFORE, BEHIND = re.compile(rf"\A\s*({WRITTEN})(?=[\s\d])"), re.compile(rf"(?<=[\s\d.,-])({WRITTEN})\s*\Z")


def split_currency(text: str) -> tuple[str, str]:
    """An amount without its currency, and the currency: its code, or its sign where that alone is known; "" where none
    is written. Three letters that are no currency's stay with the amount."""
    for pattern in (BEFORE, BEHIND):
        found = pattern.search(text)
        if found and (currency := currency_of(found[1])):
            return (text[: found.start(1)] + text[found.end(1) :]).strip(), currency
    return text.strip(), ""


def currency_of(text: str) -> str:
    """The code of a currency's code, sign or name; the sign where several share it; "" for anything else."""
    name = text.strip()
    return SIGNS.get(name) or (name.upper() if name.upper() in CODES else "")


def split_header(name: str) -> tuple[str, str]:
    """A column's name without the currency in it, and that currency: "Preis (EUR)" to "Preis" and "EUR"; "" where it
    names none, or several. In a name in capitals a word may be anything, so that only the usual currencies count."""
    words = [word for word in re.split(r"[\s()\[\]/_]+", name) if word]
    known = SHOWN.keys() | SIGNS.keys() if name.isupper() else CODES | SIGNS.keys()
    found = {word: currency_of(word) for word in words if word in known}
    if len(set(found.values())) != 1:
        return name, ""
    return " ".join(word for word in words if word not in found), next(iter(found.values()))


def currency_sign(currency: str) -> str:
    """What stands before a price: "€", or "CHF " for a currency without a sign of its own."""
    if currency in SHOWN:
        return SHOWN[currency]
    return f"{currency}\u00a0" if currency[-1:].isalpha() else currency
