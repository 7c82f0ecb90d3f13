"""The words of pseudonyms: plain adjectives and things.

No names of people, places, diseases, drugs or body parts, and nothing that reads as a finding ("pale", "acute") or as
a person's first name ("amber", "hazel").
"""

_FIRST = """
able agile airy alert ample ancient apt azure balanced basic beaming bold bouncy brave brief bright brisk broad bronze
bubbly busy calm candid canny careful carved central certain cheerful chequered chief civic civil classic clean clear
clever cloudy coastal cobalt cogent composed compact copper cordial cosy crafty crimson crisp curious curved dapper
daring dashing deep deft diligent direct distant dotted dreamy dry dusky dutiful eager early earthy easy elastic
elegant eloquent eminent emerald epic equal even exact fabled famous fancy festive fine fleet floral fluent
flying fond formal forward fragrant free fresh friendly frosty frugal gallant generous genial gentle gilded glad
gleaming glossy golden good graceful grand granite grassy great green handy happy hardy hearty helpful hidden high
hollow homely honest humble humming icy ideal indigo inland ivory jaunty jolly jovial joyful jumbo keen kind kindly
large lasting later latest leafy legible level light likely lilting linen little lively local lofty logical long loyal
lucid lucky lunar lush lyric magenta magic magnetic main major maple marbled maritime mellow merry mighty mindful mild
minty modern modest mossy musical natural neat nifty nimble noble novel oaken oceanic olden open orange orderly outer
painted peaceful peppery perky pewter placid plain playful pleasant plucky plush poetic polished polite
precise prime prompt proper proud prudent purple quaint quick quiet quilted radiant rapid ready regal restful rhythmic
ringing rolling roomy rounded royal rugged rural rustic safe salty sandy satin scenic seaside sensible serene settled
shady shining silent silken silver simple sincere sleek smart smiling smooth snowy snug sociable soft solar solid
sparkling speedy spirited splendid spruce square stately steady stellar stout striped sturdy subtle suave sunlit
superb supple sure swift tactful tawny teal thankful thorough thrifty tidy timely tonal topaz tranquil trim
true trusty tuneful turquoise twilight twin upbeat upland upper urban useful valiant valid varied vast velvet verdant
vernal versed vintage vivid warm watchful wavy whimsical whole wide winding windy wintry wise witty wooden woolly
worthy woven zesty
"""

_SECOND = """
abacus acorn almanac alcove anchor antler anvil apron aqueduct arbour arcade archway armchair arrow atlas attic avenue
awning axle backpack badger bagel balcony ballad balloon bamboo banjo banner barley barn barrel basket bassoon beacon
beaver bell bench bicycle birch biscuit bison blanket blossom bobbin bookcase bookmark boulder bouquet bracelet
bracket bramble breeze brick bridge bronze brush bucket buckle buffalo bugle bureau button cabin cabinet cable cactus
camel camera candle canoe canopy canvas canyon caravan cardigan carousel carpet carriage carton cascade castle
catapult cavern cello chair chalice chalk chariot charter chest chestnut chimney chisel cinema circle citadel clarinet
clipper cloak clock coach cobble coin comet compass concert condor copper corridor cottage cotton courier courtyard
cradle crane crater creek crescent crest cricket crocus cupboard curtain cushion cutter cymbal daffodil decanter delta
desert desk dial diamond dinghy dolphin domino donkey doorway dove drawer drum dune eagle easel echo eclipse elk
engine envelope equator estuary falcon feather fence ferry fiddle field finch firefly fjord flagon flute foghorn
footpath forge fountain freight fresco galaxy galleon gallery gannet garden garland gate gazebo gecko geyser
glacier glider globe goblet goldfinch gondola goose gorge granary grove guitar gull hammock harbour hare harp harvest
haystack headland hearth hedge helmet heron hillside hollow hopper horizon hourglass iceberg inkwell inlet island
jacket jigsaw jetty journey jug kayak kestrel kettle keyhole kingfisher kite ladder lagoon lamp lantern larch lattice
lemon lever library lighthouse lime linnet locket locomotive lodge loom lotus lute lynx lyre magnet magpie mallet
mammoth mandolin mantle marble market marsh marten mast meadow medal melon meridian metro mill mirror mitten monsoon
moon moor mosaic moss mountain museum napkin nectar needle nest notebook nutmeg oak oar oasis oboe ocean octave orbit
orchard orchid oriole osprey otter outpost oval owl oyster paddle palace palette panther parade parasol parchment
parcel parsnip passage pasture pathway pavilion peacock pebble pelican pencil pendulum pepper petal pheasant piano
piccolo picnic pigeon pillar pillow pine pinnacle pioneer planet plateau plaza plough plover plum pocket pond poplar
porch portal postcard prism puffin pulley pumpkin puzzle pyramid quarry quartz quay quilt quiver radish raft railway
rainbow ranger reef reindeer ribbon ridge ripple river rocket rook rooster rope rudder saddle sail salmon sandal
satchel saucer savanna saxophone scarf schooner scroll seagull seashell semaphore shelf shutter signal skylark
skyline sleigh slipper snowdrop sofa sonnet sparrow spindle spinnaker spire spoon spruce squirrel stadium
staircase starling station steamer steeple stencil stork stream summit sundial sunrise swallow swan sycamore tableau
tambourine tandem tapestry teacup teapot telescope terrace thicket thimble thistle thread timber toffee topiary torch
tower tractor trellis trestle trident trombone trumpet tulip tundra tunnel turret turtle umbrella valley vase
veranda viaduct village vineyard violin voyage waggon wagtail walnut walrus waterfall wharf wheel whistle windmill
window woodland workshop yacht yew zebra zephyr zither
"""

FIRST = tuple(_FIRST.split())
SECOND = tuple(_SECOND.split())
