"""What columns and files are called: the words that point to a role, and to each of its columns.

Pure data, keyed by the names of roles.py. A role column without an entry is looked for under its own name, so that a new
role is recognised, though less surely, before words are added here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

# Kind of a role's column (roles.py) -> kinds of a file's columns that can play it.
KINDS = {
    "id": ("text", "number"),
    "time": ("time",),
    "money": ("number",),
    "number": ("number",),
    "flag": ("flag",),
    "truth": ("flag",),
    "date": ("time",),
    "text": ("text", "number"),
}


@dataclass(frozen=True)
class Part:
    """A part that a column of a file can play in a role.

    Parameters
    ----------
    name : the role's column, or `price` of one unit where an amount has to be worked out.
    kinds : of the columns that can play it: time, number, flag, text.
    stems : words of headers that speak for it, with their weight.
    against : words that speak against it.
    """

    name: str
    kinds: frozenset[str]
    stems: Mapping[str, int]
    against: frozenset[str] = field(default_factory=frozenset)

    @property
    def is_key(self) -> bool:
        """Whether what plays it names something, so that an id is meant rather than anything said of it."""
        return self.name in {"customer", "order", "product"}


@dataclass(frozen=True)
class RoleWords:
    """What points to a role: words of files' names, and words of headers with their weight."""

    files: tuple[str, ...]
    headers: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class LabelWords:
    """What points to a column that says who left: stems of its header; its values, in small letters, or how they begin."""

    headers: tuple[str, ...]
    left: frozenset[str]
    stayed: frozenset[str]
    left_stems: tuple[str, ...]


def _stems(text: str) -> dict[str, int]:
    """`customer:10 client:9` as a mapping."""
    return {word: int(weight) for word, weight in (item.split(":") for item in text.split())}


def _tuple(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Words that follow another one without a sign between them, longest first: `customerid`, `orderdate`.
ENDINGS = _tuple("datetime timestamp number nummer amount price total datum date time name code type id no nr")
ID_WORDS = _set("id ids no nr num number nummer key code uid uuid hash")
EPOCH_WORDS = _set("time date datetime timestamp ts at epoch unix created when on stamp datum zeit day sent")

# Roles that are told apart by words.
ROLE_WORDS: dict[str, RoleWords] = {
    "purchases": RoleWords(
        _tuple("order purchase sale invoice transaction retail shop receipt checkout bestell umsatz kauf verkauf payment"),
        _stems(
            "amount:2 price:2 quantity:2 qty:2 order:2 invoice:2 basket:2 sku:2 product:1 total:2 revenue:2 betrag:2 menge:2"
        ),
    ),
    "engagement": RoleWords(
        _tuple(
            "engagement session click event log message msg call visit login usage internet activity view open play stream "
            "listen chat"
        ),
        _stems(
            "session:2 event:2 duration:2 message:2 click:2 visit:2 login:2 dst:2 recipient:2 url:2 device:1 usage:1 action:2"
        ),
    ),
    "customers": RoleWords(
        _tuple("customer user member account client profile people subscriber kunde person"),
        _stems("first:1 birth:2 age:1 gender:2 city:1 signup:2 reg:2 joined:2 country:1 surname:2"),
    ),
    "subscriptions": RoleWords(
        _tuple("subscription contract plan term membership abo vertrag policy"),
        _stems("start:2 begin:2 end:2 renew:3 plan:2 contract:3 mrr:3 billing:2 cancel:1"),
    ),
    "support": RoleWords(
        _tuple("ticket support complaint case incident helpdesk"),
        _stems("ticket:3 resolved:3 closed:2 priority:3 severity:3 satisfaction:2 escalation:2 resolution:3"),
    ),
    "contacts": RoleWords(
        _tuple("contact campaign touch mailing newsletter outreach"),
        _stems("campaign:2 response:2 responded:2 direction:2 template:1 unsubscribed:2"),
    ),
}

LABEL = LabelWords(
    _tuple("churn churned churner exited attrition attrited attrit leaver abwanderung"),
    _set("yes y true t 1 1.0 left lost gone"),
    _set("no n false f 0 0.0 stayed active existing retained current"),
    _tuple("churn attrit exit cancel leav"),
)
# How long a term is, as contracts are called: months.
TERM_MONTHS = {
    **dict.fromkeys(_tuple("month monthly monthtomonth 1month onemonth monatlich"), 1),
    **dict.fromkeys(_tuple("quarter quarterly 3months threemonths"), 3),
    **dict.fromkeys(_tuple("halfyearly semiannual 6months sixmonths"), 6),
    **dict.fromkeys(_tuple("year yearly annual annually 1year oneyear 12months"), 12),
    **dict.fromkeys(_tuple("2years 2year twoyear twoyears biennial 24months"), 24),
    **dict.fromkeys(_tuple("3years threeyear threeyears 36months"), 36),
}
TERM_WORDS = _set("type term contract period length duration commitment subscription")
NOT_TERM_WORDS = _set("billing payment bill pay invoice method")
# What a customer is born with or came by: today's value was the value at any time.
STATIC_STEMS = _tuple("gender sex geschlecht birth born dob nationality acquisition referral cohort")

CUSTOMER = Part(
    "customer",
    _set("text number"),
    _stems(
        "customer:10 cust:10 client:9 kunde:10 kunden:10 cliente:10 buyer:9 "
        "subscriber:9 member:9 user:9 usr:9 account:7 shopper:9 "
        "household:6 player:9 visitor:6 msisdn:9 person:6 src:6 sender:9 caller:7 email:4 card:4 uid:9 subscription:3 device:2 "
        "author:5 from:3 id:2"
    ),
    _set(
        "name type segment country city status age since phone group class tier region manager gender address zip count flag "
        "recipient plan first last surname industry source of"
    ),
)
_WHEN = (
    "date:6 time:6 timestamp:7 datetime:7 datum:7 zeit:5 fecha:7 day:4 when:6 "
    "at:3 on:2 ts:5 unix:4 created:4 occurred:6 submitted:6 sent:5 placed:5"
)
_NOT_WHEN = (
    "birth dob birthday updated modified expir expiry end due "
    "ship shipped shipping deliver delivered delivery cancel cancelled "
    "refund refunded churn churned closed resolved loaded ingested inserted etl arrived received expires last next renewal"
)
PARTS: dict[str, Part] = {
    "purchases.time": Part(
        "time",
        _set("time"),
        _stems(f"{_WHEN} order:3 purchase:4 purchased:6 invoice:3 transaction:3 sale:3 sold:4 bought:6 paid:2"),
        _set(_NOT_WHEN),
    ),
    "purchases.amount": Part(
        "amount",
        _set("number"),
        _stems(
            "amount:7 total:6 revenue:8 sales:7 value:5 spend:7 spent:7 paid:5 betrag:8 umsatz:8 summe:7 montant:8 importe:8 "
            "dollar:6 usd:4 eur:4 gbp:4 net:3 gross:3 turnover:8 line:1 extended:3 subtotal:5 payment:4 money:5"
        ),
        _set(
            "id count number qty quantity tax vat shipping freight discount cost balance rate percent unit items tip fee "
            "year month points before after rabatt"
        ),
    ),
    "purchases.price": Part(
        "price",
        _set("number"),
        _stems("price:8 preis:8 einzelpreis:9 prix:8 precio:8 prezzo:8 unit:2 rate:3"),
        _set("id total units list count quantity"),
    ),
    "purchases.quantity": Part(
        "quantity",
        _set("number"),
        _stems("quantity:8 qty:8 units:7 menge:8 anzahl:7 pieces:6 pcs:6 items:5 count:4 cantidad:8 cds:4 number:2"),
        _set("id price amount total value order invoice customer discount no year"),
    ),
    "purchases.is_return": Part(
        "is_return", _set("flag"), _stems("return:7 returned:8 refund:7 refunded:8 cancelled:5 storno:8")
    ),
    "purchases.order": Part(
        "order",
        _set("text number"),
        _stems(
            "order:7 invoice:8 basket:8 receipt:7 transaction:6 bestell:8 "
            "bestellung:8 rechnung:8 bon:7 beleg:7 checkout:6 cart:7"
        ),
        _set("date time amount total value status type price quantity line item customer count channel name discount method"),
    ),
    "purchases.product": Part(
        "product",
        _set("text number"),
        _stems("product:7 sku:9 article:7 item:5 stock:5 artikel:8 material:6 asin:9 ean:7 code:1 isbn:8"),
        _set("name description category group price quantity count type brand class id_customer total number weight"),
    ),
    "purchases.category": Part(
        "category",
        _set("text"),
        _stems("category:8 department:7 kategorie:8 warengruppe:8 group:3 genre:6"),
        _set("customer id price age"),
    ),
    "purchases.channel": Part(
        "channel",
        _set("text"),
        _stems("channel:8 store:5 platform:6 device:5 medium:4 filiale:6 kanal:8"),
        _set("price amount customer number"),
    ),
    "purchases.discount": Part(
        "discount", _set("number"), _stems("discount:8 rabatt:8 markdown:7 coupon:4"), _set("percent pct rate code id share")
    ),
    "engagement.time": Part(
        "time",
        _set("time"),
        _stems(
            f"{_WHEN} session:3 event:3 message:3 call:3 visit:3 visited:6 "
            f"login:4 start:3 started:5 opened:4 reported:4 usage:3 played:6"
        ),
        _set(_NOT_WHEN),
    ),
    "engagement.kind": Part(
        "kind",
        _set("text"),
        _stems("event:7 action:8 activity:7 kind:7 type:5 feature:5 page:4 verb:6"),
        _set("id date time count value url user customer"),
    ),
    "engagement.channel": Part(
        "channel",
        _set("text"),
        _stems("channel:8 device:6 platform:7 browser:4 os:4 app:3 medium:4 kanal:8"),
        _set("id date version"),
    ),
    "engagement.value": Part(
        "value",
        _set("number"),
        _stems("value:6 mb:6 bytes:6 points:6 score:4 amount:5 views:6 clicks:6 usage:3 used:4 count:5 pages:6 volume:5"),
        _set("id error errors duration secs minutes"),
    ),
    "engagement.duration": Part(
        "duration", _set("number"), _stems("duration:9 minutes:7 seconds:7 secs:7 length:6 dauer:9 elapsed:7"), _set("id wait")
    ),
    "customers.time": Part(
        "time",
        _set("time"),
        _stems(
            "signup:9 sign:5 reg:7 registered:9 registration:9 join:7 joined:9 "
            "created:7 start:6 since:6 opened:5 first:4 date:4 time:4 seit:6"
        ),
        _set("birth dob birthday last updated modified churn churned end expiry cancel login order"),
    ),
    "customers.valid_from": Part("valid_from", _set("time"), _stems("valid:8 effective:8 from:1"), _set("to until thru end")),
    "customers.valid_to": Part("valid_to", _set("time"), _stems("valid:8 effective:8 to:1 until:2"), _set("from since start")),
    "customers.birthday": Part("birthday", _set("time"), _stems("birth:9 birthday:9 birthdate:9 dob:9 born:9 geburtsdatum:9")),
    "customers.acquisition_channel": Part(
        "acquisition_channel", _set("text"), _stems("acquisition:8 channel:4 utm:4 source:4"), _set("cost date id")
    ),
    "customers.acquisition_cost": Part(
        "acquisition_cost", _set("number"), _stems("cac:9 acquisition:8 cost:2"), _set("channel date id")
    ),
    "customers.referred_by": Part("referred_by", _set("text number"), _stems("referred:9 referrer:9"), _set("count date code")),
    "customers.loyalty": Part("loyalty", _set("flag"), _stems("loyalty:8 loyal:5")),
    "customers.loyalty_since": Part("loyalty_since", _set("time"), _stems("loyalty:8 since:1")),
    "customers.do_not_contact": Part("do_not_contact", _set("flag"), _stems("contact:5 optout:8 opted:5 unsubscribed:8")),
    "subscriptions.time": Part(
        "time",
        _set("time"),
        _stems(
            "start:8 started:8 begin:8 began:8 beginn:8 inception:8 from:4 time:4 date:2 at:1 activated:6 activation:6 "
            "signup:6 signed:5 reg:6 registered:6 registration:6 join:6 joined:6 since:5 created:4 vertragsbeginn:9"
        ),
        _set(f"{_NOT_WHEN} ended valid effective"),
    ),
    "subscriptions.end": Part(
        "end",
        _set("time"),
        _stems("end:8 ende:8 vertragsende:9 expir:8 expiry:8 expires:8 until:7 date:1"),
        _set("start valid effective trial"),
    ),
    "subscriptions.ended": Part(
        "ended",
        _set("time"),
        _stems("ended:9 churn:8 churned:8 terminat:8 left:6 exit:6 exited:6 date:1 at:1"),
        _set("start valid reason birth"),
    ),
    "subscriptions.cancelled": Part("cancelled", _set("time"), _stems("cancel:8 notice:8 kuendigung:8 date:1 at:1")),
    "subscriptions.reason": Part("reason", _set("text"), _stems("reason:8 grund:8"), _set("id date")),
    "subscriptions.plan": Part(
        "plan",
        _set("text"),
        _stems("plan:8 tier:6 package:7 tariff:8 tarif:8 abo:6 product:5"),
        _set("id price date start end count fee"),
    ),
    "subscriptions.price": Part(
        "price",
        _set("number"),
        _stems("price:8 preis:8 mrr:8 fee:7 amount:5"),
        _set("id count total arr refund tax discount seats balance date"),
    ),
    "subscriptions.auto_renew": Part("auto_renew", _set("flag"), _stems("auto:5 renew:6 renewal:5 autorenew:9"), _set("date")),
    "subscriptions.kind": Part("kind", _set("text"), _stems("kind:8"), _set("id date")),
    "subscriptions.due": Part("due", _set("time"), _stems("due:9 date:1"), _set("start end")),
    "subscriptions.paid": Part("paid", _set("time"), _stems("paid:9 date:1 at:1"), _set("start end due")),
    "subscriptions.failed": Part("failed", _set("flag"), _stems("failed:9 payment:1"), _set("count")),
    "support.time": Part(
        "time",
        _set("time"),
        _stems(f"{_WHEN} opened:8 reported:7 raised:7 requested:6 ticket:2 complaint:2"),
        _set(_NOT_WHEN),
    ),
    "support.resolved": Part(
        "resolved", _set("time"), _stems("resolved:9 closed:8 solved:8 completed:5"), _set("first response")
    ),
    "support.topic": Part(
        "topic", _set("text"), _stems("topic:8 subject:6 category:6 issue:6 reason:5"), _set("id customer date")
    ),
    "known": Part(
        "known",
        _set("time"),
        _stems("known:9 loaded:9 ingested:9 ingestion:9 inserted:8 etl:8 warehouse:8 arrived:6 load:5 at:1 date:1"),
        _set("download"),
    ),
}
