"""Which countries and which kinds of deal a text speaks of, in the languages of the packs: hints for stories. Pure, no I/O.

A hint is weaker than a recognised entity: "Athens signs" and "el Gobierno griego firma" name Greece, whoever signs there. Nothing
here decides what matches. Words are beginnings ("griech" takes "griechische"), but those of fewer than four letters, and those
that end in "_", are whole words; elsewhere "_" is a space; scripts without spaces have no borders.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rules.fold import fold

if TYPE_CHECKING:
    from collections.abc import Iterable

COUNTRIES = {
    "US": "american amerikan americ amerik usa eua eeuu_ ee_ etats_unis estados_unidos stati_uniti vereinigt_staaten vereinigte_staaten "
    "united_states yhdysval сша америк ηπα αμερικ 米国 米政府 米国防 米軍 アメリカ 美国 美國 미국 الولايات_المتحده امريك الامريك "
    "البنتاغون अमेरिक ממשלת_ארצות washington pentagon",
    "GB": "uk_ britain british britann britisch britan brit london_ londres londra londen londyn whitehall united_kingdom royaume_uni "
    "reino_unido regno_unito grossbritan ingilt verenigd_koninkrijk wielk_brytan wielka_bryt brytyj britisk britti британ великобрит "
    "лондон βρεταν λονδιν イギリス 英国 英國 英政府 ロンドン 伦敦 영국 런던 بريطاني البريطاني لندن المملكه_المتحده ब्रिटेन ब्रिटिश",
    "FR": "france french francais_ francais francaise frances frankreich franzosi francia frankrijk franse frans_ francusk francj fransk "
    "frankrik ranska fransa fransiz paris_ parigi paryz_ paryzu франц париж γαλλ παρισ フランス 仏政府 仏国防 パリ 法国 法國 巴黎 프랑스 "
    "파리 فرنسا فرنسي الفرنسي باريس फ्रांस",
    "DE": "german allemagne alleman alemania aleman alemanha deutsch tedesc germania duits niemiec niemcy tysk saksa saksan alman "
    "berlin_ berlino berliner бундес герман немец німеч берлин γερμαν βερολιν ドイツ 独政府 ベルリン 德国 德國 柏林 독일 베를린 المانيا "
    "الماني الالماني برلين जर्मन",
    "IT": "italy italia italie italien italian_ italiaan wloch wlosk italya rome_ roma_ roem итал рим_ ιταλ イタリア 伊政府 ローマ "
    "意大利 이탈리아 ايطالي الايطالي روما इटली",
    "ES": "spain_ spanish espan espagn spanien spanisch spagn spaans spanje hiszpan spansk ispany madrid испан мадрид ισπαν スペイン "
    "西班牙 스페인 اسباني الاسباني مدريد स्पेन",
    "PT": "portug lisbon lisboa lissabon lisbonn lisbona portekiz португал лиссаб πορτογαλ ポルトガル 葡萄牙 포르투갈 البرتغال",
    "NL": "netherland dutch pays_bas neerland nederland holland niederland niederlandisch paesi_bassi oland la_haye_ den_haag_ the_hague "
    "niderland нидерланд ολλανδ オランダ 荷兰 荷蘭 네덜란드 هولندا الهولندي",
    "BE": "belgi belgiq belgiu belgic belga бельг βελγ ベルギー 比利时 벨기에 بلجيك",
    "LU": "luxemb luksemb lussemburg люксемб λουξεμβ ルクセンブルク 卢森堡 룩셈부르크 لوكسمبورغ",
    "CH": "switzerl swiss suisse schweiz suiza suizo svizzer suica zwitsers szwajc bern_ berne_ isvicre швейц ελβετ スイス 瑞士 스위스 "
    "سويسرا",
    "AT": "austria autrich osterreich austriac oostenr avusturya wien_ vienna vienne австри αυστρι オーストリア 奥地利 오스트리아 النمسا",
    "IE": "ireland irish irland irisch dublin irlanda ierland ирланд ιρλανδ アイルランド 爱尔兰 아일랜드 ايرلندا",
    "DK": "denmark danish danemark danois danemarc dinamarc danimarc danmark dansk danes_ danes danisch denemark deens dunsk dunczy "
    "kopenhag copenhag kobenhavn дани датск копенгаг δανι デンマーク 丹麦 덴마크 الدنمارك",
    "NO": "norway norweg norveg norueg norge norsk noorw noors oslo_ норвеж норвег осло νορβηγ ノルウェー 挪威 노르웨이 النرويج",
    "SE": "sweden swedish suede suedois schwed suecia suec svezia svedes sverige svensk zweden zweeds szwec szwedz ruotsi isvec "
    "stockholm швед швец стокгольм σουηδ スウェーデン 瑞典 스웨덴 السويد",
    "FI": "finland finnish finlandais finnland finnisch finlandes finlandia suomi suomen suomalai fins_ finsk helsin финлянд финск "
    "φινλανδ フィンランド 芬兰 핀란드 فنلندا",
    "IS": "iceland islandic islandais reykjav исланд ισλανδ アイスランド 冰岛 아이슬란드 ايسلندا",
    "EE": "estonia estoni estnisch estland estlands eesti tallinn_ эстон естон εσθον エストニア 爱沙尼亚 에스토니아 استونيا",
    "LV": "latvia latvi lettisch lettland letton letonia латв λετον ラトビア 拉脱维亚 라트비아 لاتفيا",
    "LT": "lithuan lituan litau litou lietuv vilnius литов λιθουαν リトアニア 立陶宛 리투아니아 ليتوانيا",
    "PL": "poland polish pologne polonais polen polnisch polska polsk polski polsce polonia polacc polaco polac polon polonya warsaw "
    "warsz varsov warschau польш польск варшав πολων ポーランド 波兰 波蘭 폴란드 بولندا البولندي",
    "CZ": "czech tchequ tschech chec cesk praha_ pragu praga prag_ чех чеш τσεχ チェコ 捷克 체코 التشيك",
    "SK": "slovak slovaq slowak eslovac slovacch bratislav словак словац σλοβακ スロバキア 斯洛伐克 슬로바키아 سلوفاكيا",
    "HU": "hungar hongri ungarn ungarisch hungri ungher magyar hongar wegr macarist budapest венгр угор ουγγ ハンガリー 匈牙利 헝가리 "
    "المجر",
    "RO": "romania rouman ruman romanes romeni roemeen rumun bucharest bucarest bucuresti румын румун ρουμαν ルーマニア 罗马尼亚 "
    "루마니아 رومانيا",
    "BG": "bulgar болгар бълг софия βουλγ ブルガリア 保加利亚 불가리아 بلغاريا",
    "GR": "greece greek grece grec_ grecs_ grecque_ grecque griech grecia grieg greco_ greca_ grego grega griek grecj greck grekisk "
    "grekland kreik yunan athens athen athene athenes atene atenas грец греч афин ελλαδ ελλην αθην ギリシャ アテネ 希腊 希臘 그리스 "
    "아테네 اليونان يونان ग्रीस",
    "HR": "croati croat kroat chorwac hrvats zagreb хорват κροατ クロアチア 克罗地亚 크로아티아 كرواتيا",
    "SI": "sloven eslovenia slowen ljubljan словен σλοβεν スロベニア 斯洛文尼亚 슬로베니아 سلوفينيا",
    "RS": "serbia serbi serbe serbo_ srbij belgrad beograd серб белград σερβ セルビア 塞尔维亚 세르비아 صربيا",
    "UA": "ukrain ucrain ucrani oekra kyiv_ kiev_ kyjiv kijow украин україн київ киев ουκραν ウクライナ 乌克兰 烏克蘭 우크라이나 اوكراني "
    "الاوكراني यूक्रेन",
    "MT": "malta maltais maltes maltesi мальт μαλτ マルタ 马耳他 몰타 مالطا",
    "CY": "cyprus cypri chypr zypern zypri chipre cipro nicosia кипр κυπρ キプロス 塞浦路斯 키프로스 قبرص",
    "TR": "turkey turkiye turkish turqu turkei turkisch turqui turco turca turchia turks turecj turc ankara турци турец анкар τουρκ "
    "トルコ 土耳其 튀르키예 터키 تركيا التركي",
    "RU": "russia russi russe russl rusia ruso_ russo_ rusland rosj rosyj rysk moscow moscou moskau moscu mosca росси русск москв ρωσ "
    "ロシア 俄罗斯 러시아 روسيا الروسي",
    "KZ": "kazak kasach kazajs kazakh kazach астан казах qazaq カザフスタン 哈萨克斯坦 카자흐스탄 كازاخستان",
    "UZ": "uzbek usbek ouzbek узбек ташкент ウズベキスタン 乌兹别克斯坦 우즈베키스탄 اوزبكستان",
    "IL": "israel izrael israeli израил ізраїл ισραηλ イスラエル 以色列 이스라엘 اسرائيل ישראל",
    "AE": "uae_ eau_ emirat emirati emirates abu_dhab abou_dhabi abu_dabi dubai_ duba_ эмират абу_даби εμιρατ アラブ首長国連邦 アブダビ "
    "ドバイ 阿联酋 阿布扎比 아랍에미리트 아부다비 الامارات الاماراتي ابوظبي ابو_ظبي دبي",
    "SA": "saudi saoudi saudit riyadh riad riyad ksa_ саудов σαουδ サウジ 沙特 사우디 السعودي الرياض سعودي",
    "QA": "qatar katar doha_ катар κατar カタール 卡塔尔 카타르 قطر الدوحه",
    "KW": "kuwait koweit кувейт κουβεϊτ クウェート 科威特 쿠웨이트 الكويت",
    "BH": "bahrain bahrein bahreyn бахрейн μπαχρειν バーレーン 巴林 바레인 البحرين",
    "OM": "oman_ omani оман オマーン 阿曼 오만 عمان_",
    "JO": "jordani jordanie jordanien иордан ヨルダン 约旦 요르단 الاردن",
    "EG": "egypt egypte agypt egipt egitto misir египет египт αιγυπτ エジプト 埃及 이집트 مصر المصري",
    "MA": "morocc maroc marokk marruec marrocos rabat_ марокк μαροκ モロッコ 摩洛哥 모로코 المغرب المغربي",
    "DZ": "algeri argel alger_ алжир アルジェリア 阿尔及利亚 알제리 الجزائر",
    "TN": "tunisi tunesi tunez тунис チュニジア 突尼斯 튀니지 تونس",
    "RW": "rwanda ruanda kigali руанд ルワンダ 卢旺达 르완다 رواندا",
    "KE": "kenya kenia nairobi кени ケニア 肯尼亚 케냐 كينيا",
    "NG": "nigeria nigerian abuja нигери ナイジェリア 尼日利亚 나이지리아 نيجيريا",
    "GH": "ghana ghane accra гана ガーナ 加纳 가나_ غانا",
    "ZA": "south_afric afrique_du_sud sudafri sudafrik pretoria zuid_afri юар южно_афр 南アフリカ 南非 남아프리카 جنوب_افريقيا",
    "ET": "ethiopi athiopi etiop addis эфиоп エチオピア 埃塞俄比亚 에티오피아 اثيوبيا",
    "SN": "senegal dakar сенегал セネガル 塞内加尔 세네갈 السنغال",
    "TZ": "tanzani tansani танзан タンザニア 坦桑尼亚 탄자니아 تنزانيا",
    "UG": "uganda ouganda kampala уганд ウガンダ 乌干达 우간다 اوغندا",
    "CA": "canada canadian canadien canadiens canadiense canades kanad ottawa goc_ канад оттав καναδ カナダ オタワ 加拿大 渥太华 캐나다 "
    "오타와 كندا الكندي कनाडा",
    "MX": "mexico mexican mexiqu mexik messic meksyk meksik мексик μεξικ メキシコ 墨西哥 멕시코 المكسيك",
    "BR": "brazil brasil bresil brasili brasilia_ brazyl braziliaans brezil бразил βραζιλ ブラジル 巴西 브라질 البرازيل ब्राज़ील",
    "AR": "argentin arxentin buenos_aires аргентин αργεντιν アルゼンチン 阿根廷 아르헨티나 الارجنتين",
    "CL": "chile_ chileno chilena chilien chileni santiago_de_chile чили χιλη チリ_ 智利 칠레 تشيلي",
    "CO": "colombi kolumbi bogota колумб κολομβ コロンビア 哥伦比亚 콜롬비아 كولومبيا",
    "PE": "peru_ perou perua peruano peruana peruv lima_ перу περου ペルー 秘鲁 페루 بيرو",
    "UY": "urugua montevideo уругв ウルグアイ 乌拉圭 우루과이",
    "EC": "ecuad equateur ecuator эквадор エクアドル 厄瓜多尔 에콰도르",
    "CR": "costa_ric costarric коста_рик コスタリカ 哥斯达黎加 코스타리카",
    "SV": "salvador salvadoren сальвадор エルサルバドル 萨尔瓦多 엘살바도르 السلفادور",
    "PA": "panama panamen панам パナマ 巴拿马 파나마",
    "PY": "paragua парагв パラグアイ 巴拉圭 파라과이",
    "JP": "japan japon giappon japao japans japons tokyo_ tokio япон токио ιαπων τοκιο 日本 東京 东京 일본 도쿄 اليابان ياباني طوكيو "
    "जापान",
    "KR": "korea korean coree coreen coreia corea_ corean koreanisch kore_ guney_kore koreaan seoul_ seul_ корей корея корее сеул κορεα "
    "韓国 韩国 韓國 韓政府 ソウル 首尔 한국 대한민국 서울 كوريا الكوري سيول कोरिया",
    "CN": "china_ chinese chine_ chinois chinesis cina_ chino_ chines_ chinees chiny chinsk beijing pekin peking pechino китай китайськ "
    "пекин κινα_ κινεζ 中国 中國 北京 중국 베이징 الصين الصيني بكين चीन cinese_ cinesi_",
    "TW": "taiwan taipei тайван ταϊβαν 台湾 台灣 臺灣 대만 تايوان",
    "HK": "hong_kong hongkong гонконг 香港 홍콩 هونغ_كونغ",
    "SG": "singap singapur сингап σιγκαπουρ シンガポール 新加坡 싱가포르 سنغافوره सिंगापुर",
    "IN": "india_ indian_ inde_ indien indisch indiase hindistan indie_ indyjs new_delhi delhi_ nueva_delhi инди_ индии индий ινδια "
    "インド政府 インドの 印度_ 인도_ الهند الهندي भारत भारतीय दिल्ली",
    "ID": "indones jakart индонез ινδονησ インドネシア 印度尼西亚 印尼 인도네시아 اندونيسيا",
    "MY": "malaysi malasi kuala_lumpur малайз μαλαισ マレーシア 马来西亚 말레이시아 ماليزيا",
    "VN": "vietnam hanoi_ viet_nam вьетнам βιετναμ ベトナム 越南 베트남 فيتنام",
    "PH": "philipp filipin manila филипп φιλιππιν フィリピン 菲律宾 필리핀 الفلبين",
    "TH": "thailand thailan thai_ bangkok таиланд ταϊλανδ タイ政府 泰国 태국 تايلاند ไทย",
    "KH": "cambod kambods kambodj камбодж カンボジア 柬埔寨 캄보디아",
    "BD": "banglades dhaka бангладеш バングラデシュ 孟加拉国 방글라데시 بنغلاديش बांग्लादेश",
    "PK": "pakist islamabad пакистан パキスタン 巴基斯坦 파키스탄 باكستان पाकिस्तान",
    "LK": "sri_lank colombo шри_ланк スリランカ 斯里兰卡 스리랑카",
    "NP": "nepal kathmand непал ネパール 尼泊尔 네팔 नेपाल",
    "MN": "mongol ulaanba монгол モンゴル 蒙古 몽골",
    "AU": "austral canberra австрал αυστραλ オーストラリア 豪政府 キャンベラ 澳大利亚 澳洲 호주 استراليا ऑस्ट्रेलिया",
    "NZ": "new_zeal neuseel nouvelle_zel nueva_zel nuova_zel nieuw_zeel wellington новой_зел новая_зел ニュージーランド 新西兰 뉴질랜드 "
    "نيوزيلندا",
}
ACTS = {
    "memorandum": "mou mous memorand memorando protocole_d_ent protocolo_de_ent protocolo_de_int absichtserkl letter_of_int lettre_d_int "
    "carta_de_int intentieverkl avsiktsforkl list_intencyj мемуаранд меморанд μνημονι 覚書 了解覚書 谅解备忘录 備忘錄 备忘录 양해각서 "
    "업무협약 업무_협약 مذكره_تفاهم مذكره समझौता_ज्ञापन מזכר",
    "framework": "framework_agr framework_deal framework_con framework_cont accord_cadre rahmenver rahmenabk acuerdo_marco "
    "contrato_marco accordo_quadro acordo_quadro raamover raamcontr ramavtal rammeavt umow_ramow рамоч 枠組み協定 框架协议 기본협정 "
    "اتفاق_اطاري اتفاقيه_اطاريه",
    "opening": "inaugur opens_ opened_ opening eingeweih einweih eroffn otwart invigd invigning indvie avattiin открыт запущен εγκαινι "
    "開所 稼働 運用開始 启用 揭牌 개소 가동 افتتح افتتاح تدشين",
    "award": "award contract contrat contrato contratto vertrag auftrag bekommt_zuschlag zuschlag adjudic marche_public aggiudic "
    "opdracht upphandl tildel контракт тендер договор συμβασ 落札 受注 契約 中标 合同 수주 계약 عقد_ العقد अनुबंध ठेका חוזה gunt_",
    "pilot": "pilot_ pilote pilotproj pilotvers pilote_ piloto pilota proefproj proef_ пилот πιλοτ 実証 試行 試験導入 试点 試點 시범 "
    "실증 تجريب पायलट",
    "order": "orders_ commande bestell encarg encomend bestelt bestall заказ παραγγελ 発注 調達 采购 採購 발주 구매 طلبيه",
}
MOST_SHARED = {
    "US": 0.35, "GB": 0.1, "FR": 0.06, "DE": 0.05, "JP": 0.05, "KR": 0.05, "IN": 0.05, "CN": 0.05, "AE": 0.04, "CA": 0.04, "SA": 0.03,
}  # fmt: skip
SELDOM = 0.02  # the share of stories that speak of any other country, before the window has shown it
UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3041-\u30ff\u3400-\u9fff\uac00-\ud7af]")  # scripts that set no spaces
_KEY = 4  # letters of a word by which its beginnings are found


def _needles() -> dict[str, list[tuple[str, str]]]:
    """The first letters of each beginning → what must stand in the folded text, and the hint that it gives."""
    found: dict[str, list[tuple[str, str]]] = {}
    for hint, stems in [*COUNTRIES.items(), *ACTS.items()]:
        for stem in stems.split():
            needle = fold(stem.replace("_", " ")).decode().strip()
            if UNSPACED.match(needle):
                found.setdefault(needle[:2], []).append((needle, hint))
            else:
                whole = stem.endswith("_") or len(needle) < _KEY
                found.setdefault(needle.split()[0][:_KEY], []).append((f" {needle} " if whole else f" {needle}", hint))
    return found


_NEEDLES = _needles()


def hints(folded: str, words: Iterable[str]) -> tuple[frozenset[str], frozenset[str]]:
    """Countries (two capital letters) and kinds of deal (keys of ACTS) that a folded text of these words speaks of."""
    found = {hint for word in words for needle, hint in _NEEDLES.get(word[:_KEY], ()) if needle in folded}
    return frozenset(h for h in found if h.isupper()), frozenset(h for h in found if not h.isupper())
