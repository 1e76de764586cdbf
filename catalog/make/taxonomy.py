"""The shop's order: product types with their category, a price to start from, and what they are for."""

from dataclasses import dataclass
from functools import cache

from .identity import number

# category: type | price of a typical one | the side that the price grows with, typical cm | what it is for
TABLE = """
Sofas and armchairs
  sofa | 890 | width 185 | Seats the whole family for film evenings and long talks in the living room.
  corner sofa | 1390 | width 250 | Turns an empty corner into the place where everybody ends up.
  sofa bed | 640 | width 150 | A sofa by day and a guest bed by night.
  armchair | 420 | width 78 | A comfortable place to read, nurse a cup of tea or watch television.
  lounge chair | 560 | depth 120 | Made for lying back after work.
  pouffe | 95 | width 70 | An easy extra seat or footrest that goes where it is needed.
Chairs and stools
  dining chair | 119 | height 88 | A chair for the dining table or the kitchen that is comfortable through a long meal.
  folding chair | 49 | height 85 | Folds flat in a moment and waits behind the door until guests come.
  stool | 79 | height 80 | A seat for the kitchen counter or the bar.
  bench | 189 | width 120 | Seats two or three in the hall or along the dining table.
  step ladder | 59 | height 80 | Brings the top shelf within reach and doubles as a small seat.
Tables
  dining table | 480 | width 140 | The table for breakfast, homework and dinner with friends.
  coffee table | 260 | width 110 | Stands before the sofa and holds cups, books and the remote control.
  bedside table | 119 | height 46 | Keeps the book and the alarm clock by the bed.
  dressing table | 290 | height 130 | A place to get ready in the morning.
Desks and office
  desk | 340 | width 140 | A place to work, study or write at home.
  office chair | 229 | height 95 | Keeps you comfortable at the desk for a working day.
  filing cabinet | 149 | height 60 | Keeps papers sorted and under lock.
  sideboard | 520 | width 160 | Closed and open storage along the wall.
  desk organiser | 19 | height 17 | Keeps pens and small things in one place.
Beds
  bed | 690 | width 160 | A bed to look forward to at the end of the day.
  crib | 290 | depth 110 | A safe place to sleep for the little one.
Storage
  wardrobe | 720 | width 140 | Room for hanging clothes, folded clothes and everything else.
  chest of drawers | 420 | width 130 | Drawers for clothes and bedding in the bedroom or the hall.
  bookcase | 280 | height 170 | Shelves for books, plants and the things worth showing.
  tv stand | 320 | width 135 | Carries the screen and hides the cables.
  storage box | 22 | width 60 | Stacks neatly and swallows toys, tools or laundry.
  storage chest | 160 | width 95 | A lidded chest for blankets and keepsakes.
  laundry basket | 45 | height 65 | Collects the washing until the weekend.
  clothes rack | 75 | width 110 | Hangs the clothes of the week in sight.
  coat hooks | 29 | width 45 | Hangs coats and bags in the hall.
  bin | 48 | height 55 | A tidy bin for home or office.
  room divider | 260 | width 175 | Splits a large room or hides a corner.
Lighting
  table lamp | 89 | height 48 | Soft light for the bedside or the sideboard.
  desk lamp | 69 | height 42 | Light where you work, and nowhere else.
  floor lamp | 159 | height 145 | Stands beside the sofa for an evening with a book.
  pendant lamp | 139 | height 75 | Hangs over the table and gathers everyone in its light.
  chandelier | 390 | height 100 | A centrepiece for the dining room or the stairwell.
  wall lamp | 79 | height 35 | Light from the wall for a hall or a reading corner.
Rugs and textiles
  rug | 229 | width 150 | Warms the floor and pulls the room together.
  doormat | 25 | width 60 | Stops the dirt at the door.
  bath mat | 29 | width 70 | Soft and dry underfoot after the shower.
  towel | 24 | width 60 | For the bathroom or the guest room.
  curtain | 69 | height 225 | Keeps out light and draughts.
Decor
  vase | 45 | height 35 | For fresh stems, dried branches or nothing at all.
  jar | 32 | height 20 | For the table or the shelf.
  fireplace | 890 | height 105 | Gives the living room a middle.
  storage basket | 39 | width 50 | Holds logs, blankets or shopping.
  picture frame | 19 | height 20 | For the photograph you look at every day.
  candle holder | 24 | height 25 | For an evening by candlelight.
  clock | 39 | height 30 | Tells the time and looks good doing it.
  lantern | 49 | height 45 | A quiet light for the terrace, the hall or the garden path.
  aquarium | 189 | width 70 | A little underwater world for the living room.
  ornament | 35 | height 20 | A small thing for the shelf that makes visitors smile.
Plants
  plant | 39 | height 60 | Quiet company that asks for little more than light and water.
  flowers | 34 | height 45 | An arrangement for the table that never needs replacing.
Kitchen
  kettle | 45 | height 20 | Boils water for the first tea of the day.
  toaster | 49 | width 27 | Toast for two, evenly done.
  mixer | 329 | height 35 | Kneads, whips and stirs for you.
  blender | 79 | height 43 | For smoothies, soups and sauces.
  coffee machine | 129 | height 29 | Coffee at the push of a button.
  juicer | 18 | width 16 | Presses citrus fruit by hand.
  kitchen scale | 35 | height 27 | Weighs flour and sugar to the gram.
  bread box | 42 | width 50 | Keeps bread fresh for days.
  teapot | 39 | height 20 | Tea for a small company.
  mug | 14 | height 9 | For coffee, tea or cocoa.
  kitchen cabinet | 310 | width 70 | A unit for the fitted or the free kitchen.
  refrigerator | 1190 | height 175 | Keeps the week's shopping cold.
  bowl | 32 | width 40 | For fruit, salad or keys by the door.
  glass | 12 | height 15 | For water, juice or wine.
  plate | 14 | width 22 | For breakfast, lunch and dinner.
  tray | 26 | width 38 | Carries breakfast to bed and drinks to the terrace.
  pan | 69 | width 32 | For soups, stews and pasta for many.
  chopping board | 24 | width 38 | A sturdy board for bread and vegetables.
  knife block | 79 | height 25 | Keeps sharp knives safe and at hand.
  utensil set | 39 | height 40 | The spoons and turners that every kitchen needs.
  spice rack | 34 | height 31 | Keeps spices together and in reach.
  paper towel holder | 22 | height 29 | A roll at hand for every spill.
  rice cooker | 89 | width 29 | Rice on the table at the press of a button.
  espresso pot | 29 | height 15 | Strong coffee from the stove.
  oven | 449 | height 60 | Bakes, roasts and grills evenly.
  stove | 620 | width 95 | For those who cook for many.
  microwave | 119 | width 40 | Warms last night's dinner in minutes.
  range hood | 229 | width 80 | Clears steam and smells from the kitchen.
  washing machine | 449 | height 84 | Quiet, thrifty and gentle on clothes.
  table fan | 39 | height 38 | A breeze for hot days.
Bathroom
  bathtub | 980 | width 170 | For the long soak at the end of the week.
  washbasin | 189 | width 60 | For the bathroom or the guest toilet.
  bidet | 219 | height 45 | Matches most bathroom suites.
  toilet | 279 | height 77 | Quiet, water-saving and easy to clean.
  bathroom cabinet | 420 | width 90 | Basin and storage in one piece.
  toilet brush | 19 | height 38 | Stands neatly beside the toilet.
  soap dispenser | 16 | height 17 | Soap at a push, without the mess.
  toilet paper holder | 18 | width 16 | Keeps the roll where it belongs.
  towel rack | 34 | width 50 | Dries and displays the towels.
  radiator | 169 | height 80 | Warmth for cold mornings.
  basin | 15 | width 60 | A roomy tub for washing up or hand washing.
Garden
  garden bench | 260 | width 150 | A seat for two or three on the terrace or under the tree.
  garden chair | 169 | height 80 | For slow breakfasts outdoors.
  garden sofa | 420 | width 130 | A sofa that lives on the terrace.
  sun lounger | 199 | depth 195 | For lying in the sun with a book over your face.
  deck chair | 79 | height 85 | Folds up and comes along to the lawn or the beach.
  parasol | 119 | width 220 | Shade for the table or the sandpit.
  hammock | 189 | width 340 | Swings between two hours of nothing to do.
  planter | 45 | width 60 | A box of greenery for the window sill or the terrace.
  camping lamp | 35 | height 37 | Light for the tent, the terrace and power cuts.
Children
  children's chair | 39 | height 55 | A chair of the right height for small people.
  rocking horse | 89 | width 68 | Gallops for hours on the nursery floor.
  soft toy | 25 | height 32 | A friend for falling asleep with.
  toy | 22 | width 20 | Keeps small hands busy.
  doll house | 119 | height 87 | Three floors of stories to play.
  high chair | 109 | height 104 | Brings the youngest up to the table.
  board game | 35 | width 30 | For rainy Sundays.
"""


@dataclass(frozen=True)
class Type:
    """A product type: its category, the price of a typical piece, which side it grows with, and its use."""

    category: str
    price: float
    side: str
    typical: float
    use: str


@cache
def types() -> dict[str, Type]:
    """Every product type by its name."""
    found, category = {}, ""
    for line in TABLE.strip().splitlines():
        if not line.startswith(" "):
            category = line.strip()
            continue
        name, price, side, use = (part.strip() for part in line.split("|"))
        axis, typical = side.split()
        found[name] = Type(category, float(price), axis, float(typical), use)
    return found


# Shop names are put together from sounds, so that they mean nothing: not a colour, a material or a place.
FIRST = "Bel Cor Dal El Fen Gal Hal Jor Kel Mar Mir Nor Quin Ren Sol Tor Ul Ven Wil Yor Zel Bri Tam Lor Sev Ost"
LAST = "a ano by da den do dra ia ina ko la len ley lo mo na ne no ra rin ro sa sen ta ton va vi wyn ika une esse ost"


def series_name(key: str, attempt: int = 0) -> str:
    """The shop name of a shape, "Mira"; `attempt` counts up when another shape of its kind has taken it."""
    value = number("series", key, str(attempt))
    first, last = FIRST.split(), LAST.split()
    return first[value % len(first)] + last[value // len(first) % len(last)]


def price(key: str, look: str, kind: str, size: tuple[float, float, float]) -> float:
    """A plausible price: the type's, scaled with size, a brand's margin, and a little for the finish; ends in 9."""
    product_type = types()[kind]
    side = dict(zip(("width", "height", "depth"), size, strict=True))[product_type.side]
    scale = min(2.2, max(0.5, side / product_type.typical)) ** 0.8
    brand = 0.75 + number("brand", key) % 1000 / 1000 * 0.6
    finish = 1 + number("finish", key, look) % 5 * 0.02
    value = product_type.price * scale * brand * finish
    step = 10 if value >= 60 else 1
    return float(max(4, round(value / step) * step - (1 if step == 10 else 0))) + (0 if step == 10 else 0.9)
