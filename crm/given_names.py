"""Words that tell one part of a name from another: given names, legal forms, particles, titles. Data, in lower case, ё as е."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


#: Given names that could pass for surnames by their endings, and those met most often; Russian, with short forms.
GIVEN_NAMES = _words("""
    авдей агата аглая агния адам аделина азамат аида айгуль айдар айжан айнур аксинья алан алевтина алекс александр александра
    алексей алена алеся али алина алиса алия алла алмаз алсу альберт альбина альфия амалия амина амир ангелина андрей анжела
    анжелика анна антон антонина анфиса аня аркадий арсен арсений артем артур аслан асель асем асхат ася ахмед аэлита бауыржан
    бахтияр бекзат белла богдан борис боря булат вадим валентин валентина валера валерий валерия валя ваня варвара варя
    василий василиса вася венера вениамин вера вероника веста виктор виктория вика виталий виталик витя влад владимир
    владислав владислава владлен вова володя всеволод вячеслав галина галя геннадий гена георгий герман глеб гоша григорий
    гриша гузель гульнара гуля давид дамир дана даниил данил данила данияр дарина дарья даша демид демьян денис джамиля диана
    дима дина динара дмитрий ева евгений евгения егор екатерина елена елизавета ерлан есения ефим жанна женя захар зарина
    земфира зина зинаида злата зоя ибрагим иван игнат игорь илона ильдар ильнур ильшат илья инга инесса инна иннокентий иосиф
    ира ираида ирина искандер ислам ия камила камилла карина каролина катя ким кира кирилл клавдия клара клим константин коля
    костя кристина ксения ксюша лада лариса лев леонид леня леся лейла лиана лида лидия лиза лилия лина лия лола лора луиза
    любовь люба людмила люда люся магомед мадина майя макар максим марат маргарита марианна марина мария марк мария марта
    мартин маруся марьям матвей маша мила милана милена мирон мирослав мирослава миша михаил муса мурат мухаммед надежда надя
    назар назира наиль нарек наталия наталья наташа настя неля нелли ника никита никифор николай нина нонна нурлан нурсултан
    нурия оксана олег олеся ольга оля павел паша петр петя платон полина прасковья прохор равиль радик раиса рамиль рашид рая
    регина ренат рената ринат рита роберт родион роза роксана роман ростислав рузанна руслан рустам рустем савва савелий саида
    салават салим самвел самира саша света светлана святослав севастьян семен сема серафим серафима сергей сережа серик слава
    снежана софия софья соня станислав стас степан степанида сулейман султан таисия таня тарас татьяна тамара тамерлан тимофей
    тимур тихон толя тоня ульяна устин фаина фарид фарида фатима федор федя феликс филипп фома фрида хасан христина эвелина
    эдгар эдуард эдик элеонора элина эльвира эльдар эльмира эмилия эмиль эмма эрик эрнест юлиан юлиана юлия юля юра юрий яков
    ян яна янина ярослав ярослава
""")

#: A company has one of these as a word, whatever its case.
LEGAL_FORMS = _words("""
    ооо оао зао пао нао нпао ао тоо осоо одо оду уп чуп гуп муп фгуп фгбу фгау фгаоу фгбоу гбу гбоу мбу мбоу мку гку гау мау
    ано нко но тсж тсн снт днт жск гск кфх спк тд тк гк нии кб мкк мфо пкф нпо нпп нпк gmbh ohg mbh ggmbh inc llc ltd limited
    corp corporation plc llp gbr sarl srl spa sas bv nv oyj aps sro kft doo pte pty bhd opc kgaa eirl ltda
""")
#: Legal forms that are also words or initials: believed in capitals as the last word only.
LEGAL_ENDINGS = _words("""
    AG KG SA SL AB AS OY UG LP PC CO SE KK PT BHD EV
""")
#: Words by which a company names itself.
COMPANY_WORDS = _words("""
    компания фирма корпорация холдинг банк завод фабрика комбинат магазин салон студия агентство фонд клиника больница
    поликлиника аптека школа лицей гимназия университет институт академия колледж отель гостиница ресторан кафе столовая центр
    клуб бюро союз ассоциация кооператив товарищество общество предприятие учреждение министерство управление администрация
    комитет издательство типография автосервис такси ателье стоматология супермаркет склад база лаборатория группа сервис
    company bank group holding holdings hotel clinic hospital pharmacy school university college institute restaurant cafe
    center centre club store shop market supermarket trading services solutions enterprises enterprise industries foundation
    cooperative association agency studio bakery logistics insurance systems technologies partners gruppe versicherung
    apotheke krankenhaus klinik schule verein hotels empresa compañía farmacia tienda escuela
""")

#: One person who trades. The person is the contact.
SOLE_TRADERS = ("индивидуальный предприниматель", "ип", "фоп", "пбоюл", "самозанятый", "самозанятая", "sole trader")

#: A surname may begin with these.
PARTICLES = _words("""
    de del dela delos della dello di da das do dos du des van von vom zu zur zum der den ter ten te la las le los el al bin
    ibn binti bint ben st saint san santa sta mac af av ap y e де дель делла ди да дю ван фон фан дер ден цу ла ле эль аль бин
    ибн бен сен
""")
#: … and these never stand first in a surname, only after another particle or between two surnames.
INNER_PARTICLES = _words("""
    y e der den la las los
""")
#: Words of a surname that are also given names: believed as particles in the middle of a name only.
NOT_FIRST = _words("""
    ben san santa saint st sta mac da do e y te da сен бен
""")

TITLES = _words("""
    г-н г-жа гн гжа господин госпожа гр гражданин гражданка тов товарищ д-р доктор проф профессор mr mrs ms miss mx dr prof
    professor sir herr frau dipl-ing ing engr atty hon sra srta señor señora señorita don doña mme mlle
""")
#: Belong to the surname, behind it.
SUFFIXES = _words("""
    jr sr ii iii iv мл ст младший старший
""")

#: Patronymics that the common endings do not tell.
SHORT_PATRONYMICS = _words("ильич кузьмич лукич фомич никитич саввич фокич силыч ilyich ilich kuzmich lukich nikitich fomich")
#: "Son of", "daughter of": belong to the word before them.
SON_OF = _words("оглы оглу углы кызы гызы кизи қызы улы ұлы oglu ogly oğlu kyzy kizi gizi qizi qızı uly")
