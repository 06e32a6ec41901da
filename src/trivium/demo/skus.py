"""What the health service's provider sells: machines, storage, people who label, and tokens of language models."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final


@dataclass(frozen=True)
class Sku:
    """What is sold: its service, what is counted, and the price of one."""

    id: str
    service: str
    category: str
    subcategory: str
    unit: str
    price: Decimal
    resource_type: str = "Virtual machine"


CLUSTER: Final = Sku(
    "cluster-node-hours", "Example Clusters", "Compute", "Containers", "Hours", Decimal("4.3200"), "Cluster"
)
VM: Final = Sku("vm-hours", "Example Compute", "Compute", "Virtual Machines", "Hours", Decimal("0.9800"))
SERVING: Final = Sku("serving-hours", "Example Compute", "Compute", "Virtual Machines", "Hours", Decimal("0.3150"))
SMALL: Final = Sku("small-vm-hours", "Example Compute", "Compute", "Virtual Machines", "Hours", Decimal("0.0800"))
CONTAINER: Final = Sku(
    "container-hours", "Example Containers", "Compute", "Containers", "Hours", Decimal("0.0150"), "Container"
)
GPU: Final = Sku(
    "gpu-hours", "Example Compute", "Compute", "Virtual Machines", "Hours", Decimal("6.4500"), "GPU machine"
)
STORAGE: Final = Sku(
    "storage-gb-days", "Example Storage", "Storage", "Object Storage", "GB-Days", Decimal("0.000770"), "Bucket"
)
LABELS: Final = Sku(
    "labelled-forms",
    "Example Labelling",
    "AI and Machine Learning",
    "Machine Learning",
    "Forms",
    Decimal("0.3200"),
    "Project",
)
TRANSFER: Final = Sku(
    "transfer-gb", "Example Data Transfer", "Networking", "Network Infrastructure", "GB", Decimal("0.0500"), ""
)
KEYS: Final = Sku(
    "key-days", "Example Key Management", "Security", "Security Posture Management", "Days", Decimal("0.4100"), ""
)
SUPPORT: Final = Sku(
    "support-months", "Example Support", "Management and Governance", "Support", "Months", Decimal("48.0000"), ""
)

TOKEN_UNIT: Final = "1M Tokens"
_PRICES: Final = {
    ("claude-sonnet-4-5", "input"): "2.760", ("claude-sonnet-4-5", "cached-input"): "0.276",
    ("claude-sonnet-4-5", "output"): "13.800",
    ("gpt-5-mini", "input"): "0.230", ("gpt-5-mini", "cached-input"): "0.023", ("gpt-5-mini", "output"): "1.840",
    ("gpt-4o", "input"): "2.300", ("gpt-4o", "output"): "9.200",
    ("text-embedding-3-small", "input"): "0.019",
    ("clinic-chat-8b", "input"): "0.150", ("clinic-chat-8b", "output"): "0.450",
}  # fmt: skip
TOKENS: Final = {
    f"{model}-{sort}": Sku(
        f"{model}-{sort}", "Example Language Models", "AI and Machine Learning", "Generative AI", TOKEN_UNIT,
        Decimal(price), "Gateway",
    )
    for (model, sort), price in _PRICES.items()
}  # fmt: skip
"""A million tokens of each model, by what they are: input, input read from a cache, output."""
