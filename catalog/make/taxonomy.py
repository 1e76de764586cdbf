"""The shop's order: product types with their category, a price to start from, and what they are for."""

from dataclasses import dataclass
from functools import cache

from .identity import number

# category: type, or type > the public type that it is sold as | price of a typical one | the side that the price grows
# with, typical cm | what it is for. A type decides on finishes, price and use; a public type is what shoppers see.
TABLE = """
Sofas and chairs
  sofa | 890 | width 185 | Seats the whole family for film evenings and long talks in the living room.
  corner sofa > sofa | 1390 | width 250 | Turns an empty corner into the place where everybody ends up.
  sofa bed > sofa | 640 | width 150 | A sofa by day and a guest bed by night.
  garden sofa > sofa | 420 | width 130 | A sofa that lives on the terrace.
  armchair | 420 | width 78 | A comfortable place to read, nurse a cup of tea or watch television.
  lounge chair > armchair | 560 | depth 120 | Made for lying back after work.
  pouffe > armchair | 95 | width 70 | An easy extra seat or footrest that goes where it is needed.
  dining chair | 119 | height 88 | A chair for the dining table or the kitchen that is comfortable through a long meal.
  folding chair > dining chair | 49 | height 85 | Folds flat in a moment and waits behind the door until guests come.
  office chair | 229 | height 95 | Keeps you comfortable at the desk for a working day.
  stool | 79 | height 80 | A seat for the kitchen counter or the bar.
  step ladder > stool | 59 | height 80 | Brings the top shelf within reach and doubles as a small seat.
  bench | 189 | width 120 | Seats two or three in the hall or along the dining table.
  garden bench > bench | 260 | width 150 | A seat for two or three on the terrace or under the tree.
Tables and desks
  dining table | 480 | width 140 | The table for breakfast, homework and dinner with friends.
  coffee table | 260 | width 110 | Stands before the sofa and holds cups, books and the remote control.
  bedside table | 119 | height 46 | Keeps the book and the alarm clock by the bed.
  desk | 340 | width 140 | A place to work, study or write at home.
  dressing table > desk | 290 | height 130 | A place to get ready in the morning.
Beds
  bed | 690 | width 160 | A bed to look forward to at the end of the day.
  crib > bed | 290 | depth 110 | A safe place to sleep for the little one.
  futon > bed | 220 | width 140 | Rolls out at night and rolls up in the morning.
  air mattress > bed | 45 | depth 182 | A bed for guests that lives in a drawer.
  sleeping bag > bed | 79 | depth 200 | Warm nights in the tent or on a friend's floor.
Storage
  wardrobe | 720 | width 140 | Room for hanging clothes, folded clothes and everything else.
  chest of drawers | 420 | width 130 | Drawers for clothes and bedding in the bedroom or the hall.
  filing cabinet > chest of drawers | 149 | height 60 | Keeps papers sorted and under lock.
  bookcase | 280 | height 170 | Shelves for books, plants and the things worth showing.
  tv stand | 320 | width 135 | Carries the screen and hides the cables.
  sideboard > tv stand | 520 | width 160 | Closed and open storage along the wall.
  storage box | 22 | width 60 | Stacks neatly and swallows toys, tools or laundry.
  storage chest > storage box | 160 | width 95 | A lidded chest for blankets and keepsakes.
  storage basket > storage box | 39 | width 50 | Holds logs, blankets or shopping.
  laundry basket > storage box | 45 | height 65 | Collects the washing until the weekend.
  basin > storage box | 15 | width 60 | A roomy tub for washing up or hand washing.
  crate > storage box | 39 | width 60 | Holds logs, bottles or toys and takes a knock.
  moving box > storage box | 4 | width 60 | For moving house and for everything that may wait in the attic.
  letter box > storage box | 69 | height 60 | Keeps the post dry until you come home.
  clothes rack > coat rack | 75 | width 110 | Hangs the clothes of the week in sight.
  safe > storage box | 199 | height 50 | Keeps papers and valuables behind a good lock.
  coat hooks > coat rack | 29 | width 45 | Hangs coats and bags in the hall.
  coat hanger > coat rack | 5 | width 43 | Keeps coats and shirts in shape.
  clothes horse > coat rack | 32 | width 65 | Dries a whole wash and folds away flat.
  bin | 48 | height 55 | A tidy bin for home or office.
Lighting
  table lamp | 89 | height 48 | Soft light for the bedside or the sideboard.
  desk lamp > table lamp | 69 | height 42 | Light where you work, and nowhere else.
  floor lamp | 159 | height 145 | Stands beside the sofa for an evening with a book.
  pendant lamp | 139 | height 75 | Hangs over the table and gathers everyone in its light.
  chandelier > pendant lamp | 390 | height 100 | A centrepiece for the dining room or the stairwell.
  wall lamp | 79 | height 35 | Light from the wall for a hall or a reading corner.
  lantern | 49 | height 45 | A quiet light for the terrace, the hall or the garden path.
  camping lamp > lantern | 35 | height 37 | Light for the tent, the terrace and power cuts.
  stone lantern > lantern | 119 | height 60 | Marks the bend of the path or the edge of the pond.
  torch > lantern | 15 | depth 15 | Light for the cellar, the attic and the way home.
Textiles
  rug | 229 | width 150 | Warms the floor and pulls the room together.
  doormat > rug | 25 | width 60 | Stops the dirt at the door.
  bath mat > rug | 29 | width 70 | Soft and dry underfoot after the shower.
  curtain | 69 | height 225 | Keeps out light and draughts.
  shower curtain > curtain | 24 | height 190 | Keeps the splashes in the bath.
  towel | 24 | width 60 | For the bathroom or the guest room.
Decoration
  vase | 45 | height 35 | For fresh stems, dried branches or nothing at all.
  jar | 32 | height 20 | For the table or the shelf.
  plant | 39 | height 60 | Quiet company that asks for little more than light and water.
  planter > plant | 45 | width 60 | A box of greenery for the window sill or the terrace.
  shrub > plant | 59 | height 120 | Greenery for the border or between two gardens.
  flowers | 34 | height 45 | An arrangement for the table that never needs replacing.
  fireplace | 890 | height 105 | Gives the living room a middle.
  log stove > fireplace | 1290 | height 126 | A crackling fire for the evening and warmth until the morning.
  picture frame > decoration | 19 | height 20 | For the photograph you look at every day.
  candle holder > decoration | 24 | height 25 | For an evening by candlelight.
  clock > decoration | 39 | height 30 | Tells the time and looks good doing it.
  ornament > decoration | 35 | height 20 | A small thing for the shelf that makes visitors smile.
  aquarium > decoration | 189 | width 70 | A little underwater world for the living room.
  room divider > decoration | 260 | width 175 | Splits a large room or hides a corner.
  fountain > decoration | 690 | height 150 | The sound of water for the garden.
  Christmas tree > decoration | 79 | height 120 | Ready for the presents, and without a needle on the floor.
  snowman > decoration | 49 | height 99 | Stands by the front door all through the winter and does not melt.
  gift box > decoration | 9 | width 23 | For a present that still lacks its wrapping.
  cookbook > decoration | 29 | width 28 | Recipes for weekdays and for Sundays, with pictures.
  firewood > decoration | 15 | depth 70 | A supply for the fireplace that looks good beside it, too.
Kitchen
  kitchen cabinet | 310 | width 70 | A unit for the fitted or the free kitchen.
  oven > cooker | 449 | height 60 | Bakes, roasts and grills evenly.
  stove > cooker | 620 | width 95 | For those who cook for many.
  range hood > cooker | 229 | width 80 | Clears steam and smells from the kitchen.
  cooktop > cooker | 229 | width 58 | Cooks for two or for the whole table.
  induction hob > cooker | 399 | width 56 | Quick heat under the pan and a surface that wipes clean.
  refrigerator | 1190 | height 175 | Keeps the week's shopping cold.
  kettle > kitchen appliance | 45 | height 20 | Boils water for the first tea of the day.
  toaster > kitchen appliance | 49 | width 27 | Toast for two, evenly done.
  mixer > kitchen appliance | 329 | height 35 | Kneads, whips and stirs for you.
  blender > kitchen appliance | 79 | height 43 | For smoothies, soups and sauces.
  coffee machine > kitchen appliance | 129 | height 29 | Coffee at the push of a button.
  rice cooker > kitchen appliance | 89 | width 29 | Rice on the table at the press of a button.
  espresso pot > kitchen appliance | 29 | height 15 | Strong coffee from the stove.
  microwave > kitchen appliance | 119 | width 40 | Warms last night's dinner in minutes.
  deep fryer > kitchen appliance | 69 | width 28 | Crisp chips and doughnuts at home.
  table grill > kitchen appliance | 45 | width 28 | Sandwiches, vegetables or cheese, grilled at the table.
  water cooler > kitchen appliance | 189 | height 132 | Cool water for everybody, all day.
  pan > kitchen utensil | 69 | width 32 | For soups, stews and pasta for many.
  chopping board > kitchen utensil | 24 | width 38 | A sturdy board for bread and vegetables.
  knife block > kitchen utensil | 79 | height 25 | Keeps sharp knives safe and at hand.
  utensil set > kitchen utensil | 39 | height 40 | The spoons and turners that every kitchen needs.
  spice rack > kitchen utensil | 34 | height 31 | Keeps spices together and in reach.
  juicer > kitchen utensil | 18 | width 16 | Presses citrus fruit by hand.
  kitchen scale > kitchen utensil | 35 | height 27 | Weighs flour and sugar to the gram.
  bread box > kitchen utensil | 42 | width 50 | Keeps bread fresh for days.
  paper towel holder > kitchen utensil | 22 | height 29 | A roll at hand for every spill.
  utensil rail > kitchen utensil | 45 | width 44 | Ladles and turners on the wall, each in its place.
  cooking utensil > kitchen utensil | 9 | depth 45 | A long handle for large pots.
  kitchen knife > kitchen utensil | 49 | depth 26 | One good blade for most of the work.
  salt shaker > kitchen utensil | 12 | height 8 | For the table, with holes of the right size.
  cutlery > kitchen utensil | 6 | depth 18 | A single piece to complete the drawer.
  mug | 14 | height 9 | For coffee, tea or cocoa.
  teapot > mug | 39 | height 20 | Tea for a small company.
  travel cup > mug | 14 | height 13 | Coffee for the way to work, under a lid.
  glass | 12 | height 15 | For water, juice or wine.
  bottle | 15 | height 18 | Fills, closes and comes along.
  bowl | 32 | width 40 | For fruit, salad or keys by the door.
  plate | 14 | width 22 | For breakfast, lunch and dinner.
  tray > plate | 26 | width 38 | Carries breakfast to bed and drinks to the terrace.
  place setting > plate | 49 | width 35 | Everything that one guest needs at the table.
Bathroom
  bathtub | 980 | width 170 | For the long soak at the end of the week.
  washbasin | 189 | width 60 | For the bathroom or the guest toilet.
  toilet | 279 | height 77 | Quiet, water-saving and easy to clean.
  bidet > toilet | 219 | height 45 | Matches most bathroom suites.
  potty > toilet | 15 | width 30 | The first step out of nappies.
  bathroom cabinet | 420 | width 90 | Basin and storage in one piece.
  toilet brush > bathroom accessory | 19 | height 38 | Stands neatly beside the toilet.
  soap dispenser > bathroom accessory | 16 | height 17 | Soap at a push, without the mess.
  toilet paper holder > bathroom accessory | 18 | width 16 | Keeps the roll where it belongs.
  towel rack > bathroom accessory | 34 | width 50 | Dries and displays the towels.
  toiletry bottle > bathroom accessory | 9 | height 13 | For the edge of the bath or the shelf in the shower.
  toiletry pot > bathroom accessory | 12 | height 7 | For balm, hairpins and other small things.
  perfume bottle > bathroom accessory | 45 | height 13 | Stands on the dressing table and looks precious.
  hairbrush > bathroom accessory | 16 | width 19 | For long hair and short, every morning.
  comb > bathroom accessory | 5 | width 9 | Fits in any pocket.
  bath sponge > bathroom accessory | 7 | width 10 | Soft and full of foam.
Household
  washing machine | 449 | height 84 | Quiet, thrifty and gentle on clothes.
  dryer > washing machine | 499 | height 84 | Dry washing by the evening, whatever the weather.
  radiator | 169 | height 80 | Warmth for cold mornings.
  water heater | 329 | height 80 | Hot water for the kitchen and the shower.
  table fan > fan | 39 | height 38 | A breeze for hot days.
  ceiling fan > fan | 149 | width 91 | Moves the air above the bed or the dining table, quietly.
  air conditioner > fan | 690 | width 88 | A cool bedroom in the hottest week of the year.
  ladder > tool | 89 | height 180 | For high ceilings, gutters and bulbs.
  broom > tool | 16 | height 156 | Sweeps the kitchen, the hall and the terrace.
  dustpan > tool | 7 | depth 54 | Takes up what the broom brings together.
Garden
  garden chair | 169 | height 80 | For slow breakfasts outdoors.
  deck chair > garden chair | 79 | height 85 | Folds up and comes along to the lawn or the beach.
  sun lounger | 199 | depth 195 | For lying in the sun with a book over your face.
  hammock > sun lounger | 189 | width 340 | Swings between two hours of nothing to do.
  parasol > garden shelter | 119 | width 220 | Shade for the table or the sandpit.
  gazebo > garden shelter | 189 | width 300 | A roof over the garden party in a few minutes.
  tent > garden shelter | 169 | width 248 | A night outdoors for three, dry and out of the wind.
  shed > garden shelter | 790 | height 198 | Room for bicycles, tools and pots.
  kennel > garden shelter | 169 | height 72 | A dry house of its own for the dog.
  shovel > garden tool | 29 | depth 99 | For digging, planting and clearing the drive.
  wheelbarrow > garden tool | 89 | width 166 | Carries soil, leaves and, now and then, children.
  lawn mower > garden tool | 219 | height 104 | A tidy lawn on Saturday afternoon.
  hose reel > garden tool | 59 | height 46 | Winds up the hose and keeps it free of knots.
  plant sprayer > garden tool | 8 | height 30 | A fine mist for leaves and seedlings.
  pool | 259 | width 400 | Splashing about from June to September.
  hot tub > pool | 3900 | width 228 | Warm bubbles under the stars.
Children and leisure
  toy | 22 | width 20 | Keeps small hands busy.
  rocking horse > toy | 89 | width 68 | Gallops for hours on the nursery floor.
  soft toy > toy | 25 | height 32 | A friend for falling asleep with.
  doll house > toy | 119 | height 87 | Three floors of stories to play.
  board game > toy | 35 | width 30 | For rainy Sundays.
  baby doll > toy | 29 | height 16 | To carry about, put to bed and scold a little.
  jigsaw > toy | 15 | width 16 | A few large pieces for small hands.
  puzzle > toy | 12 | width 6 | Easily muddled, not so easily mended.
  children's chair | 39 | height 55 | A chair of the right height for small people.
  high chair > children's chair | 109 | height 104 | Brings the youngest up to the table.
  play equipment > garden toy | 390 | height 170 | Turns the garden into the favourite place of the whole street.
  sandpit > garden toy | 99 | width 130 | Cakes, castles and roadworks.
  trampoline > garden toy | 329 | width 300 | Jumping until supper is ready.
  piano > musical instrument | 4900 | width 140 | For practice, for parties and for playing carols.
  guitar > musical instrument | 390 | height 110 | For the first chords and the first band.
  keyboard > musical instrument | 149 | width 80 | Fits on a desk and plays through the computer.
  xylophone > musical instrument | 29 | width 48 | Eight bright notes for small musicians.
  games table | 690 | width 200 | For tournaments among friends and family.
  tennis table > games table | 390 | width 274 | Folds out for a match in the garden or the cellar.
  pinball machine > games table | 2900 | height 185 | Flashing lights and one more ball.
  ball > sports equipment | 25 | width 23 | For the park, the yard and the hall.
  sports gear > sports equipment | 49 | width 60 | For a quick game after work.
  dartboard > sports equipment | 45 | width 45 | For the wall of the hobby room.
  fitness machine > sports equipment | 490 | height 130 | Training at home, in any weather.
Electronics and office
  television > home electronics | 490 | width 70 | The news, the match and the film on Saturday.
  projector > home electronics | 490 | width 47 | Makes a cinema of the living room wall.
  speaker > home electronics | 129 | height 35 | Full sound for a small or a large room.
  radio > home electronics | 79 | width 31 | Music and news at breakfast.
  headphones > home electronics | 99 | width 19 | Music for you alone.
  phone > home electronics | 89 | depth 17 | Large keys and a clear voice.
  desk organiser > office accessory | 19 | height 17 | Keeps pens and small things in one place.
  letter tray > office accessory | 9 | width 27 | Keeps the post of the week in one pile.
  scissors > office accessory | 7 | width 14 | Sharp enough for cardboard, handy enough for stamps.
  calendar > office accessory | 12 | width 12 | The month at a glance, beside the screen.
  whiteboard > office accessory | 169 | width 125 | Room for plans, sketches and shopping lists.
Fashion and bags
  bag | 89 | width 33 | For keys, purse and everything else that the day needs.
  backpack > bag | 59 | height 40 | Carries the day on your back.
  suitcase > bag | 119 | width 80 | Packs for a week away.
  shoes > shoe | 69 | depth 28 | A pair for every day.
  hat > clothing accessory | 25 | width 30 | Shade for the eyes on sunny days.
  umbrella > clothing accessory | 29 | height 80 | Stays dry company in the rain.
"""


@dataclass(frozen=True)
class Type:
    """A product type: the public type that it is sold as (`name`) and that one's category, the price of a typical
    piece, which side it grows with, and its use."""

    name: str
    category: str
    price: float
    side: str
    typical: float
    use: str


@cache
def types() -> dict[str, Type]:
    """Every product type by its own name, as shapes.tsv has it."""
    found, category = {}, ""
    for line in TABLE.strip().splitlines():
        if not line.startswith(" "):
            category = line.strip()
            continue
        names, price, side, use = (part.strip() for part in line.split("|"))
        kind, _, name = names.partition(" > ")
        axis, typical = side.split()
        found[kind] = Type(name or kind, category, float(price), axis, float(typical), use)
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
