//! Common given names by gender, written down from general knowledge. A name that both women and men commonly bear
//! (Alex, Jordan, Pat) is in neither list: when unsure, no guess.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

/// What is known of someone's gender, for telling whom "he" and "she" can mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gender {
    /// "she"
    Woman,
    /// "he"
    Man,
}

const WOMEN: &str = "mary patricia jennifer linda elizabeth barbara susan jessica sarah karen lisa nancy betty margaret sandra \
    ashley kimberly emily donna michelle carol amanda dorothy melissa deborah stephanie rebecca sharon laura cynthia kathleen \
    amy angela shirley anna brenda pamela emma nicole helen samantha katherine christine debra rachel carolyn janet catherine \
    maria heather diane ruth julie olivia joyce virginia victoria lauren christina joan evelyn judith megan andrea cheryl \
    hannah jacqueline martha gloria teresa ann anne sara madison frances kathryn janice jean abigail alice julia judy sophia \
    grace denise amber doris marilyn danielle beverly isabella theresa diana natalie brittany charlotte marie kayla alexis \
    lori marsha hillary chelsea melania ivanka carly kellyanne megyn elena sonia ruth nikki kirsten dianne tammy claire \
    barbara heidi condoleezza sonya debbie wendy tulsi kamala maxine mia angelina annie becky beth bonnie candace carla carmen \
    caroline cathy cecilia celeste chloe clara claudia colleen connie constance cora cristina daisy daniela dawn delia \
    dolores edith edna eileen elaine eleanor ella ellen eloise elsa emilia erica erika erin esther eva fatima fiona \
    florence freya gail gabriela georgia geraldine gillian gina gwen harriet hazel helena hilary holly ida imogen inez ingrid irene \
    iris isabel isla ivy jacinda jane janelle jasmine jeanne jeannie jenna jenny jill joanna joanne josephine juanita \
    juliet kara karin kate katie katrina kay kelly kerry kirsty kristen kristin kristina latoya leah leila lena liz lizzie \
    loretta lorraine louise lucia lucy lydia lynn mabel maggie mandy marcia margarita marian marianne marina marjorie marlene \
    maureen maya meg melanie melinda mercedes meredith michele mildred millie miranda miriam moira molly monica nadia \
    naomi natasha nina nora norma olga pauline peggy penelope penny phyllis pippa priya priscilla rhonda rita roberta robin rosa \
    rosalind rose rosemary roxanne sabrina sally sandy selena shannon sheila shelley sherry silvia simone sofia sophie stella \
    sue susanna suzanne sylvia tamara tanya tara theodora tina tracy ursula valerie vanessa vera veronica vivian \
    wanda wilma yolanda yvette yvonne zoe aisha amina angela ursula annalena greta giorgia marine aung malala oprah ayesha leticia \
    nkechi ngozi mei yuki sana zainab noor leyla astrid sigrid birgit heike anke petra ute katarzyna agnieszka chiara francesca \
    giulia lucie camille amelie margot mathilde elodie sigourney beyonce taylor rihanna adele \
    petra jocelyn farida moira brigid bethan constance eleanor adele paulina selma mirella ines hana leila yara sunniva ottilie \
    philippa wilhelmina rosalie delphine lorna melania saskia agnes lotte farrah greta liv alma camille karina karin katrin kirsti \
    ilse nora dolores honora roberta beatrix ottoline theodora perpetua yusra clemency ananya fenella rosalind noor helene katarzyna \
    zuleika margit jocasta solveig billie priyanka marianne mirjam annika birgitta britta cornelia dagmar elke erna franziska frieda \
    gerda gisela hanna hannelore helga hedwig ilona inga irmgard johanna jutta karoline klara lena liesel lieselotte magdalena margarete \
    margret marta mathilda monika nadja regina renate sabine sibylle silke sonja stefanie susanne svenja tanja traude ulrike verena \
    waltraud yvonne agathe amandine anais antoinette audrey aurelie beatrice berenice bernadette brigitte capucine celine chantal \
    charlene christelle claudine clemence colette corinne dominique dorothee elisabeth emmanuelle estelle eugenie eveline fabienne \
    florence genevieve ghislaine gwenaelle henriette hortense isabelle jacinthe jeannette josiane justine laetitia laure leonie \
    liliane madeleine manon marguerite marion maryse monique muriel nadine nathalie noemie odette odile pascale raphaelle regine \
    sandrine solange sylvie therese valentine veronique virginie viviane adriana alba alejandra alicia amparo ana araceli asuncion \
    aurora beatriz begona belen blanca carlota carolina catalina concepcion consuelo dolores elvira encarnacion esperanza estefania \
    fabiola fernanda guadalupe ines inmaculada jimena josefa juana lourdes luisa lucía macarena manuela marisol mercedes milagros \
    montserrat nieves nuria paloma patricia pilar ramona raquel remedios rocio rosario salome soledad susana vanesa ximena alessandra \
    alessia antonella arianna benedetta bianca carlotta caterina chiara claudia cristiana donatella eleonora elisa federica fiammetta \
    flavia gaia ginevra giovanna giulia ilaria lavinia letizia loredana luciana ludovica marcella margherita mariangela martina \
    michela nicoletta ornella paola patrizia raffaella rosanna rossella serena silvana simona stefania valentina aleksandra alina \
    anastasia anna barbara beata danuta dorota ewa galina grazyna halina irina iwona jadwiga joanna jolanta kinga ksenia larisa \
    liudmila ludmila lyudmila magda malgorzata marzena milena natalia nadezhda oksana olena renata svetlana tatiana teresa urszula \
    valentyna wanda yelena yulia zofia zuzanna aaliyah abena adaeze adunni ama amara amaka asha asma ayumi bibi chiamaka chimamanda \
    chinwe efua esi fadwa farah folake funmi ganika habiba hadiza haruka hiba hiroko huda jamila jaya kavita keiko khadija kumiko \
    lakshmi lalita latifa leena lubna maha mariam meera mina mitsuko nadira naima najwa nasreen neha nisha noriko padma parvati \
    pooja radha rania rashida reem rekha ritu rukmini sabrina safiya sakura salma samira shabana shanti shireen sita sumitra sunita \
    swati tanvi tomoko uma usha vandana xiu yasmin yoko yumi zahra zara zeynep bridget caitlin ciara deirdre eithne grainne maeve \
    niamh orla roisin saoirse sinead siobhan una elspeth flora isobel jean kirsty mairi morag rhiannon sian carys bronwen gwyneth \
    nerys ffion winifred harriett augusta blanche cordelia daphne edwina euphemia flossie geraldine gladys gwendolyn hermione imelda \
    jemima josie leonora lettice lilian lily lois lottie lucinda mabel marigold matilda maud maude millicent minnie myrtle nell nellie \
    nancie olive ophelia philomena phoebe portia prudence rowena sadie tabitha tess thea tilda trudy verity viola violet wilfreda \
    winnie zelda astrid birgitta bodil ebba elin elsa freja gudrun gunilla hedda helle hilde inger ingeborg inga ingrid karen kari \
    karoline kirsten kristine lene linnea lise maja malin marit mette ragnhild randi rikke signe sigrun siri solvei tone torunn tove \
    turid unni ylva aino eeva helmi kaisa kirsi leena liisa marja outi paivi pirkko riikka ritva sanna satu tarja tuula";

const MEN: &str = "james robert john michael david william richard joseph thomas charles christopher daniel matthew anthony mark \
    donald steven paul andrew joshua kenneth kevin brian george timothy ronald edward jason jeffrey ryan jacob gary nicholas \
    eric jonathan stephen larry justin scott brandon benjamin samuel gregory alexander frank patrick raymond jack dennis jerry \
    tyler aaron jose adam nathan henry douglas zachary peter kyle noah ethan jeremy walter christian keith roger terry austin \
    sean gerald carl harold dylan arthur lawrence jesse bryan billy bruce gabriel joe logan alan juan albert willie elijah \
    wayne randy vincent mason roy ralph bobby russell bradley philip eugene bernie barack ted marco jeb mitt newt rand rick \
    chris ben bill mike tim tom jim bob dan dave dick don doug ed fred greg jeff jimmy ken matt nick pete phil ray ricky rob \
    rod ron sam stan steve tony vladimir mitch harry chuck lindsey paul reince corey lincoln martin antonin clarence anderson \
    jake wolf sandeep abdul abraham ahmed ali alfred alistair allan allen alvin amir andre andy angus antonio archie armando barry \
    bart basil benedict bert boris brad brendan brent brett byron calvin cameron carlos cedric cesar charlie chester clark claude \
    clayton clifford clint clive clyde colin conor craig curtis cyril damian damon darrell darren daryl dean declan derek dermot \
    desmond diego dirk dmitri dominic duncan dwayne dwight earl eddie edgar edmund eduardo edwin elliot elliott emmanuel enrique \
    ernest ernesto evan fabian felipe felix fernando finn floyd francis francisco franklin freddie frederick garrett gavin \
    geoff geoffrey gerard gilbert glen glenn gordon graham grant guy hans harvey hassan hector herbert herman horace howard hugh \
    hugo ian ibrahim igor ivan ivor jared jarrod javier jay jerome joel johan johnny jon jonas jorge josh juergen julian julio \
    karl kasim keir kent kurt lance lars leo leon leonard leroy leslie lewis liam lloyd lorenzo louis lucas luis luke malcolm \
    manuel marcel marcus mario marshall marvin maurice max maxwell melvin miguel miles milton mohammed mohamed muhammad \
    mustafa nathaniel neil nelson nigel niall norman oleg oliver omar oscar osama otto owen pablo pedro percy perry pierre preston rafael \
    rahul raj ramon randall raul reggie reginald rene rex reuben rodney rodrigo roland rolf roman rory ross ruben rudy rupert \
    salman salvador sanjay santiago saul sebastian sergei sergio seth shane shaun sidney silvio simon spencer stanley stefan \
    stuart sven theodore tobias todd tommy travis trevor tristan uwe vernon victor vikram viktor wallace warren wesley wilbur \
    will xavier yusuf zach emmanuel elon sundar jens olaf recep tayyip benjamin binyamin narendra imran justin volodymyr joao giovanni \
    luca matteo marco paolo giuseppe klaus jurgen wolfgang friedrich dieter gunther henrik anders bjorn nils erik piotr pawel jean-claude \
    francois jacques michel nicolas laurent guillaume yannick \
    hamish lucian declan silas stig kwabena finn stellan tobias arthur cedric augustine peregrine theo lars gideon nils poul timothy \
    joost harlan emil edvard maurice leopold esben ibrahim ruben clive otis fergus earl norbert joel edmund ivo bertrand pavel mattis \
    gerard victor milo anders bruno oluwaseun alasdair emeka dario arild yngve jannik kaspar rolf ignacio renato norman magnus rupert \
    duncan teodor jonas halvard anton samuel rafferty piet gustav rashid leander owen florian tomasz idris leopold hannes heinz helmut \
    henning hermann holger horst hubert ingo jochen joachim johann johannes jorg josef konrad kristof lorenz lothar ludwig manfred \
    markus mathias matthias max maximilian norbert olaf oskar philipp rainer ralf reinhard reinhold rolf rudiger rudolf sebastian \
    siegfried stephan thilo thorsten torsten udo ulf ulrich uli volker walther werner wilhelm willi achille adrien alain alexandre alexis \
    alphonse anatole antoine arnaud auguste aurelien baptiste benoit cyrille damien didier edouard emile etienne eugene fabien fabrice \
    ferdinand florent franck gaston gautier georges ghislain gilles gregoire guy henri herve hippolyte jeremie jerome julien leandre \
    lucien luc marcelin marc mathieu maxence morgan octave olivier pascal patrice philippe quentin raoul raphael regis remi remy roland \
    romain sylvain theophile thibault thierry thomas tristan valentin vincent xavier yann yves adolfo agustin alejandro alfonso alonso \
    alvaro andres angel anibal arturo baltasar benito bernardo camilo cesareo cristobal damian eduardo efrain eloy emilio ernesto esteban \
    eusebio evaristo ezequiel fausto federico felix fermin francisco gaspar gerardo german gilberto gonzalo gregorio guillermo gustavo \
    hector hernan hilario horacio humberto isidro ismael jacinto jaime jesus joaquin julian lazaro leandro leopoldo lorenzo mariano \
    mateo mauricio moises nestor nicolas norberto octavio osvaldo pascual patricio placido rafael ramiro raimundo ricardo roberto rodolfo \
    rogelio salvador santos segundo silvestre teodoro tomas ulises valentin vicente alberto aldo alessandro amedeo angelo antonello \
    augusto beppe biagio bruno carlo carmine cesare claudio corrado cosimo daniele davide diego domenico donato edoardo elio emanuele \
    enzo ettore eugenio ezio fabio fabrizio federico filippo flavio franco gabriele gaetano giacomo gianfranco gianluca gianni gino \
    giorgio giulio guido jacopo leonardo luciano luigi massimiliano massimo maurizio michele mirko nicola nino orazio pasquale pier \
    pierluigi piero pietro pio raffaele renzo riccardo rinaldo rocco romeo ruggero salvatore sandro savino simone tiziano tommaso \
    ugo umberto valerio vincenzo vito vittorio aleksander aleksandr aleksei alexei anatoly andrei andrzej arkady artem bartosz bogdan \
    bohdan boleslaw borys czeslaw dariusz dmytro evgeny fyodor gennady grigory grzegorz gleb henryk igor ilya ivan jacek jakub janusz \
    jaroslaw jerzy jozef juri kamil karol kazimierz kirill konstantin krzysztof lech leonid leszek lukasz maciej maksim marcin marek \
    mariusz mateusz mikhail mikolaj mieczyslaw miroslav mykola nikolai nikita oleksandr pavlo petr petro piotr radek roman ryszard semyon \
    slawomir stanislav stanislaw szymon tadeusz taras tomas vadim valery vasily viktor vitaly vladislav waclaw wiktor witold wladyslaw \
    wojciech yaroslav yevgeny yegor yuri zbigniew zdenek abdallah abdou abdullah abdulrahman abiodun adebayo adnan ahmad akio akira amadou \
    amit anil arjun arun ashok ayodele aziz babatunde bashir bilal chidi chinedu chukwuemeka daisuke deepak dinesh emeka fahad faisal farhan \
    farid femi ganesh gopal habib hamid hamza haruki hideo hiroshi hussein imad ismail issa jalal jamal javed jiro kaito karim kenji khaled \
    khalid kofi kojo krishna kunal kwame kwasi lanre mahmoud mamadou manish manoj masato mehmet mohan mohsen moussa mukesh murat mustapha \
    naveen nikhil nnamdi obinna olu olumide omari oumar prakash pranav rajesh rajiv rakesh ramesh rashad rohan rohit sachin saeed salim \
    sameer samir sandeep sanjeev satoshi segun shinji shinzo suleiman sunil suresh tadashi takashi takeshi tariq tarek tunde uche usman vijay \
    vinod vivek wasim xi yasser yoshi youssef yusuf zaid aidan cathal cillian cormac diarmuid donal eamon eoin fintan kieran lorcan malachy \
    oisin padraig ruairi seamus turlough alistair angus archibald callum cameron dougal ewan fergus gregor hamish iain innes lachlan murdo \
    ranald struan dafydd emrys gareth gethin geraint glyn huw iestyn ieuan llew rhodri rhys algernon ambrose aubrey barnaby basil bertram \
    cecil clarence cornelius crispin cuthbert cyril dominick ebenezer edgar egbert elmer ephraim erasmus eustace ezra ferdinand giles godfrey \
    granville hartley hector hilary horatio humphrey ignatius isaac isaiah ivan jasper jeremiah jethro josiah jude julius kingsley lambert \
    launcelot lemuel leopold linus lionel ludovic marmaduke mortimer moses nathan ned noel obadiah orlando orson oswald percival phineas piers \
    quentin ralph roderick rufus rupert samson septimus silvester solomon thaddeus theobald tobit ulysses valentine wilfred winston zachariah \
    aksel anders arne asbjorn bengt birger bo borge carsten christer egil einar eirik erlend espen finn fredrik frode geir gunnar haakon hakon \
    halvor harald hjalmar ingvar ivar jens joakim jorgen kaare kjell klas knud knut kristian lasse leif mads magne mikkel mogens morten njal \
    odd ola olav olle oystein palle par per petter rasmus roar roald rune sigurd simen sindre sixten soren steen sten steinar stellan svein \
    sverre terje thor thorbjorn tor tord torgeir torleif tormod torstein trond trygve ulrik vegard vidar aarne antti eero eino esa hannu heikki \
    ilkka jaakko jari jouni juha jukka jussi kaarlo kari lauri markku matti mika mikko olli osmo paavo pekka pentti reijo risto seppo tapio \
    teemu timo toivo urho veikko ville";

static NAMES: LazyLock<HashMap<&'static str, Gender>> = LazyLock::new(|| {
    let women: HashSet<&str> = WOMEN.split_whitespace().collect();
    let men: HashSet<&str> = MEN.split_whitespace().collect();
    // A name in both lists tells nothing.
    let of = |one: &HashSet<&'static str>, other: &HashSet<&'static str>, gender| {
        one.difference(other).map(move |name| (*name, gender)).collect::<Vec<_>>()
    };
    let all = of(&women, &men, Gender::Woman).into_iter().chain(of(&men, &women, Gender::Man));
    all.filter(|(name, _)| !UNTELLING.contains(name)).collect()
});

/// The gender that a given name (in lower case) tells; `None` for a name that is unknown or tells none.
pub(crate) fn gender(low: &str) -> Option<Gender> {
    NAMES.get(low).copied()
}

/// Given names that women and men bear, or that are surnames as well: they tell no gender.
const NEITHER: &str = "alex jordan pat sam lee chris robin kim casey jamie jackie jody jo dana dale drew blair avery riley quinn \
    morgan rowan sasha kit marlowe sidney leslie lindsay ashley tracy stacy jan jean andrea nikita misha noa rene yuri";

static UNTELLING: LazyLock<HashSet<&'static str>> = LazyLock::new(|| NEITHER.split_whitespace().collect());

/// Whether a word (in lower case) is a given name that we know.
pub(crate) fn is_known(low: &str) -> bool {
    NAMES.contains_key(low) || UNTELLING.contains(low)
}

/// The name that a short form stands for; any other name is its own.
pub(crate) fn long_form(low: &str) -> &str {
    SHORT_FORMS.iter().find(|(short, _)| *short == low).map_or(low, |(_, long)| long)
}

/// Short forms of given names and the names they stand for, so that "Mike Poe" and "Michael Poe" can be one person.
pub(crate) const SHORT_FORMS: [(&str, &str); 40] = [
    ("mike", "michael"),
    ("bill", "william"),
    ("will", "william"),
    ("bob", "robert"),
    ("rob", "robert"),
    ("jim", "james"),
    ("jimmy", "james"),
    ("joe", "joseph"),
    ("tom", "thomas"),
    ("tim", "timothy"),
    ("dan", "daniel"),
    ("dave", "david"),
    ("steve", "steven"),
    ("chris", "christopher"),
    ("matt", "matthew"),
    ("nick", "nicholas"),
    ("tony", "anthony"),
    ("ben", "benjamin"),
    ("bernie", "bernard"),
    ("ed", "edward"),
    ("greg", "gregory"),
    ("jeff", "jeffrey"),
    ("ken", "kenneth"),
    ("pete", "peter"),
    ("phil", "philip"),
    ("rick", "richard"),
    ("dick", "richard"),
    ("ron", "ronald"),
    ("don", "donald"),
    ("sam", "samuel"),
    ("andy", "andrew"),
    ("josh", "joshua"),
    ("doug", "douglas"),
    ("larry", "lawrence"),
    ("liz", "elizabeth"),
    ("kate", "katherine"),
    ("sue", "susan"),
    ("debbie", "deborah"),
    ("jen", "jennifer"),
    ("maggie", "margaret"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_gender_only_where_a_name_does() {
        assert_eq!(gender("marsha"), Some(Gender::Woman));
        assert_eq!(gender("donald"), Some(Gender::Man));
        assert_eq!(gender("xyzzy"), None);
    }
}
