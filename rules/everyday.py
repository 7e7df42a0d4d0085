"""Everyday words that are names as well, so that `rules check` can warn of a bare one. Pure.

Names of firms, models and machines are drawn from the same few shelves: animals, plants, weather, stones, gods, crafts, virtues. These are
the words on those shelves that any text may hold in their plain sense, in English with some French, German and Spanish; words that the
packs use as plain words are added where the warning is made.
"""

from __future__ import annotations

_WORDS = """
act action active adapt adept advance agent aim air alert align alpha altitude amber anchor angel apex apple arc arch arena ark arm
arrow art ash aspect aspen asset atlas atom aura aurora avenue bamboo band bank bark base basis bay beacon beam bear bee bell berry beta
big bird birch bit black blade blaze block bloom blue board boat body bold bolt bond bone book boost boot border box brain branch brave
bread bridge bright bronze brook brown bud build bull button cable cactus camel candle canvas canyon cap card care cargo carbon castle
cat cedar cell center central century chain chair chance change channel chat check cherry child choice circle citizen city clarity
classic clay clear cliff climate clock clone cloud clover coach coal coast code coin cold column comet command common compass concept
concord connect copper coral core corn cosmos cotton court cover crane creek crest crow crown crystal cube current curve cycle daily
dawn day deep deer delta desert design diamond digital direct discovery dog dolphin domain dome door dot dove dragon dream drift drive
drop dune dusk dust eagle early earth east echo eclipse edge elder electric element elephant ember emerald empire engine enigma envoy
epic epoch equal era essence eve event ever evergreen evolve exact expert express eye fabric face fact falcon fall family farm fast
feather fern field figure fin fire first fish five flag flame flare flash fleet flight flint flora flow flower fly focus force forest
forge form fort forward foundation fountain fox frame free fresh friend frontier frost fruit fuel fulcrum full fusion future gain galaxy
game garden gate gem general genesis genius giant gift glacier glass globe glow goal gold good grace grain grand granite grape graph
grass gravity great green grid grove grow guard guide gulf hammer hand happy harbor hard harmony harvest hat haven hawk hazel head heart
heat helix herald hero heron hill hive home honey hope horizon horn horse house hub human hunter ice icon idea image impact impulse
index infinity ink inside insight instant iris iron island ivory ivy jade jaguar jet jewel join journal journey joy judge juice jump
jungle jupiter just key kind king kite knight lake lamp land lane laser last latitude launch laurel law layer lead leaf leap lens level
lever liberty life light lily lime line link lion list little live loft logic long loop lotus lucid luna lynx magic magnet mail major
maker man maple marble march mark market mars mask master matrix matter maze meadow medal melon memory mercury merge merit mesh message
metal meteor method micro mid mile milk mill mind mint mirror mission mist mode modern moment monarch moon morning moss motion motor
mountain mouse move muse music native nature navigator near nest net neuron new nexus night node noise noon north notion nova nut oak
oasis object ocean octave olive omega one onyx open opera optic oracle orange orbit orchard orchid order origin otter outlook owl oxygen
pace pack page palm panda panel panther paper paradigm park part pass patch path pattern peach peak pearl pebble people perch perfect
phase phoenix pi pilot pine pioneer pivot place plain plan planet plant platform play plum plus point polar pole pond port portal post
power present prime prism pro project promise proof pulse pure purple pyramid quantum quartz quest quick quiet quill rabbit radar
radiant radius rain rainbow raven ray reach real rebel red reef reflection relay resolution response rest rhythm ridge ring rise river
road robin rock rocket root rose ruby run rush safe saga sage sail salt sample sand sapphire scale scan scope scout sea seal season
second secret seed sense sentinel sequoia seven shadow shape share shark sharp shell shelter shield shift ship shore sigma signal silk
silver simple single sky slate small smart smile snow snowflake social soft solar solid solo solution sound source south space spark
sparrow spectrum speed sphere spider spin spire spirit splash spot spring sprint spruce square squirrel stable stack stage star start
state station stealth steel stella step stone storm story strata stream street strength strive strong studio summit sun sunrise super
surface surge swan swift sword symphony synergy system table tag talent talon tango target task team temple ten tempo terra test thin
think thread three thunder tide tiger time titan today token tomorrow top torch total touch tower track trade trail train transform
travel tree trek trend triangle trident trinity true trust tulip tune turbo turtle twin two ultra umbra union unity universe up upstart
urban us valley value vault vector vega venture venus verse vertex vessel vest view village vine violet virtue vision visa vista vital
voice volt vortex voyage walnut watch water wave way we web well west whale wheat wheel whisper white who wild will willow wind window
wing winter wire wise wish wit wolf wonder wood word work world yard year yellow yes young zen zenith zero zone zoom it is in on at all
any now can may aigle air ancre arbre argent azur bleu blanc cercle champ chant ciel clef demain eau eclair esprit etoile feu fleur
foret fort jour jardin lac lumiere lune main marche mer mistral monde neige nuit orage orme ours pierre plume pont printemps reine
renard roche rose rouge sable soleil source temps terre trait vague vent verre vert voie voile vrai adler berg blau blitz brücke bund
erde erz eule feder feuer fisch fluss frei fuchs garten geist gipfel glas grün haus herz himmel holz kern kraft kreis licht luft meer
mond nacht nebel netz quelle raum rot schnee see stein stern strom sturm tag tor turm wald wasser weg weiss welle welt wind wolf wolke
zeit agua aire alba arena azul bosque camino campo cielo claro cumbre dia estrella flor fuego fuente lago llama luna luz mar monte mundo
nieve noche nube oro piedra plata puente raiz rayo rio rojo sol sombra tierra torre valle verde vida viento
"""
EVERYDAY = frozenset(_WORDS.split())
