"""What providers of a kind have in common: what someone can do with their keys, how bad that is, and how to take one back."""

from __future__ import annotations

_DELETE = "Open the account's page of API keys, delete this one and make another."
_LOG = "Look through the account's log of requests for ones that are not yours."
_REPLACE = "Put the new key where the old one is used, from a secret store and not from the code."

# Category -> severity of its keys, impact ({name} is the provider's), steps.
CATEGORIES: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "ai": ("high", "Runs models at {name} at the owner's cost, and may read stored prompts, files and results.", (_DELETE, "Set a limit to spending.", _LOG, _REPLACE)),
    "analytics": ("medium", "Reads or falsifies what {name} has measured: visitors, customers, their behaviour.", (_DELETE, _LOG, _REPLACE)),
    "automation": (
        "high",
        "Starts and changes workflows at {name}, with access to the services that they are connected to.",
        (_DELETE, "Look for workflows and connections that were changed.", _LOG, _REPLACE),
    ),
    "cloud": (
        "critical",
        "Controls machines, data and settings at {name}: reads them, changes them, deletes them, runs up costs.",
        (_DELETE, "Look for machines, users and keys that are not yours.", _LOG, _REPLACE),
    ),
    "content": ("medium", "Reads and changes what is stored at {name}: pages, texts, pictures, drafts.", (_DELETE, "Look for content that was changed.", _REPLACE)),
    "crm": (
        "high",
        "Reads and changes the customers, contacts and deals that are kept at {name}: personal data.",
        (_DELETE, _LOG, "Find out whether personal data was read and has to be reported.", _REPLACE),
    ),
    "crypto": (
        "critical",
        "Trades, reads balances and, where the key may, withdraws money at {name}.",
        ("Delete the key at once, and end open sessions.", "Look through orders and withdrawals.", "Bind the new key to addresses, without the right to withdraw.", _REPLACE),
    ),
    "crypto-data": ("medium", "Asks {name} for prices and data of blockchains at the owner's cost.", (_DELETE, _LOG, _REPLACE)),
    "data": ("medium", "Asks {name} for data at the owner's cost and uses up its quota.", (_DELETE, "Look at the usage.", _REPLACE)),
    "development": (
        "high",
        "Reads and changes projects, builds or tests at {name}, and through them perhaps what is delivered.",
        (_DELETE, _LOG, "Look for builds and settings that are not yours.", _REPLACE),
    ),
    "documents": ("high", "Reads, makes and sends documents at {name}: contracts, forms, invoices, with the data in them.", (_DELETE, _LOG, _REPLACE)),
    "finance": (
        "high",
        "Reads bookkeeping, invoices or accounts at {name}, and may change them.",
        (_DELETE, _LOG, "Look for invoices and bank details that were changed.", _REPLACE),
    ),
    "mail": (
        "high",
        "Sends mail in the owner's name through {name}, reads recipients and what was sent.",
        (_DELETE, "Look for messages and senders that are not yours.", _REPLACE),
    ),
    "maps": ("medium", "Uses maps, addresses or places of {name} at the owner's cost.", (_DELETE, "Bind the new key to addresses or applications.", _REPLACE)),
    "market-data": ("medium", "Reads prices and market data of {name} at the owner's cost.", (_DELETE, "Look at the usage.", _REPLACE)),
    "messaging": (
        "high",
        "Sends messages or makes calls in the owner's name through {name}, at the owner's cost, and may read them.",
        (_DELETE, "Look for messages and calls that are not yours.", _REPLACE),
    ),
    "monitoring": ("medium", "Reads and changes what {name} watches: logs, errors, alarms, status pages.", (_DELETE, "Look for alarms that were switched off.", _REPLACE)),
    "payments": (
        "critical",
        "Moves money at {name}: makes charges and refunds, reads payments and those who paid.",
        ("Replace the key at once in the account's settings.", "Look for charges, refunds and payouts that are not yours.", _REPLACE),
    ),
    "proxy": ("medium", "Fetches pages through {name} at the owner's cost.", (_DELETE, "Look at the usage.", _REPLACE)),
    "sales": ("medium", "Uses up credits for contacts at {name}, and may read lists of contacts: personal data.", (_DELETE, _LOG, _REPLACE)),
    "security": ("high", "Reads at {name} what is known of the owner's weak places, or changes how they are watched.", (_DELETE, _LOG, _REPLACE)),
    "shop": ("high", "Reads and changes orders, products and customers at {name}: personal data.", (_DELETE, _LOG, "Look for orders that were changed.", _REPLACE)),
    "social": ("high", "Acts in the name of an account or application at {name}: reads, posts, deletes.", (_DELETE, "End the sessions of the application.", _REPLACE)),
    "storage": ("high", "Reads, changes and deletes files at {name}.", (_DELETE, "Look for files that were read or changed.", _REPLACE)),
    "support": ("high", "Reads and answers customers' requests at {name}: personal data.", (_DELETE, _LOG, _REPLACE)),
    "travel": ("medium", "Asks {name} for connections, places and prices at the owner's cost; may read bookings.", (_DELETE, "Look at the usage.", _REPLACE)),
    "work": ("medium", "Reads and changes tasks, times and plans at {name}, and the data of those who work there.", (_DELETE, _LOG, _REPLACE)),
}  # fmt: skip
