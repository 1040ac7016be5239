//! Common given names by gender, written down from general knowledge. A name that both women and men commonly bear
//! (Alex, Jordan, Pat) is in neither list: when unsure, no guess.

use std::collections::HashMap;
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
    giulia lucie camille amelie margot mathilde elodie sigourney beyonce taylor rihanna adele";

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
    francois jacques michel nicolas laurent guillaume yannick";

static NAMES: LazyLock<HashMap<&'static str, Gender>> = LazyLock::new(|| {
    let mut names: HashMap<_, _> = WOMEN.split_whitespace().map(|name| (name, Gender::Woman)).collect();
    for name in MEN.split_whitespace() {
        // A name in both lists tells nothing.
        if names.remove(name).is_none() {
            names.insert(name, Gender::Man);
        }
    }
    names
});

/// The gender that a given name (in lower case) tells; `None` for a name that is unknown or tells none.
pub(crate) fn gender(low: &str) -> Option<Gender> {
    NAMES.get(low).copied()
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
