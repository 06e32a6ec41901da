"""What the assistant answers from: short leaflets, and questions by which its search for them is judged."""

from __future__ import annotations

from typing import Final

LEAFLETS: Final = {
    "appointments": "Book, move or cancel an appointment by telephone or in the portal. Please cancel a day ahead.",
    "referrals": "A referral from your practice is needed to see a specialist. It is valid for one quarter of a year.",
    "prescriptions": "Repeat prescriptions are ready at the pharmacy two working days after you asked for them.",
    "fasting": "Do not eat for eight hours before a blood test. Water is allowed, and so are your usual tablets.",
    "vaccination": "Flu vaccination is offered from October. A sore arm for a day is common after it.",
    "results": "Laboratory results appear in the portal after five working days. Your doctor calls if it is urgent.",
    "biopsy": "After a biopsy keep the dressing dry for two days. Some bruising is normal; call us if it bleeds.",
    "anaesthesia": "Before general anaesthesia do not eat for six hours and do not drink for two. Do not come alone.",
    "visiting": "Visiting hours on the wards are from two to eight in the afternoon. Two visitors at a time, please.",
    "parking": "Parking at the main entrance is free for one hour. Disabled parking is beside the emergency entrance.",
    "insurance": "Bring your insurance card to each first visit of a quarter. Without it you pay first.",
    "pregnancy": "Pregnancy check-ups are every four weeks, from the thirty-second week every two. Bring your record.",
    "diabetes": "If your sugar is below four, take glucose and measure again after fifteen minutes. Carry glucose.",
    "wounds": "Clean a small wound with water and cover it. Spreading redness, fever or pus need a doctor at once.",
    "records": "You may read your records in the portal, or ask for a copy. A copy takes up to four weeks.",
    "interpreter": "An interpreter can be booked free of charge for any appointment. Tell us the language.",
}
"""Each leaflet by its topic."""
QUESTIONS: Final = (
    ("How do I cancel my appointment tomorrow?", "appointments"),
    ("Can I move an appointment online?", "appointments"),
    ("Do I need a referral for the skin specialist?", "referrals"),
    ("When is my repeat prescription ready?", "prescriptions"),
    ("May I drink water before the blood test?", "fasting"),
    ("Is a sore arm after the flu vaccination normal?", "vaccination"),
    ("Where do I see my laboratory results?", "results"),
    ("How long do results take?", "results"),
    ("The dressing of my biopsy got wet", "biopsy"),
    ("It bleeds after the biopsy", "biopsy"),
    ("How many hours without food before an anaesthetic?", "anaesthesia"),
    ("When may I visit my father on the ward?", "visiting"),
    ("Where can I park with a disabled badge?", "parking"),
    ("I forgot my insurance card", "insurance"),
    ("How often are check-ups in pregnancy?", "pregnancy"),
    ("My sugar is low, what now?", "diabetes"),
    ("The wound is red and I have a fever", "wounds"),
    ("I would like a copy of my records", "records"),
    ("Do you have somebody who speaks Turkish?", "interpreter"),
    ("Can I bring two visitors?", "visiting"),
)
"""What patients ask, and the topic of the leaflet that answers it."""
