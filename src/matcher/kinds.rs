//! Tables of English words by the kind of thing that they tell: times, numbers, units, roles, causes. All words are folded.

/// A day of the week or a month.
pub(super) fn is_calendar(folded: &str) -> bool {
    matches!(
        folded,
        "monday"
            | "tuesday"
            | "wednesday"
            | "thursday"
            | "friday"
            | "saturday"
            | "sunday"
            | "january"
            | "february"
            | "march"
            | "april"
            | "may"
            | "june"
            | "july"
            | "august"
            | "september"
            | "october"
            | "november"
            | "december"
            | "jan"
            | "feb"
            | "aug"
            | "sept"
            | "oct"
            | "nov"
            | "dec"
    )
}

/// A word of time: when, or how long.
pub(super) fn is_time_word(folded: &str) -> bool {
    matches!(
        folded,
        "yesterday"
            | "today"
            | "tomorrow"
            | "tonight"
            | "week"
            | "weekend"
            | "month"
            | "year"
            | "years"
            | "morning"
            | "afternoon"
            | "evening"
            | "night"
            | "spring"
            | "summer"
            | "autumn"
            | "winter"
            | "noon"
            | "midnight"
            | "ago"
            | "earlier"
            | "century"
            | "decade"
    )
}

/// A number in letters.
pub(super) fn is_number_word(folded: &str) -> bool {
    matches!(
        folded,
        "one"
            | "two"
            | "three"
            | "four"
            | "five"
            | "six"
            | "seven"
            | "eight"
            | "nine"
            | "ten"
            | "eleven"
            | "twelve"
            | "thirteen"
            | "fourteen"
            | "fifteen"
            | "sixteen"
            | "seventeen"
            | "eighteen"
            | "nineteen"
            | "twenty"
            | "thirty"
            | "forty"
            | "fifty"
            | "sixty"
            | "seventy"
            | "eighty"
            | "ninety"
            | "dozen"
            | "dozens"
            | "hundred"
            | "hundreds"
            | "thousand"
            | "thousands"
            | "million"
            | "millions"
            | "billion"
            | "half"
            | "twice"
            | "percent"
    )
}

/// An office or trade that names who holds it.
pub(super) fn is_role(folded: &str) -> bool {
    matches!(
        folded,
        "president"
            | "minister"
            | "senator"
            | "governor"
            | "mayor"
            | "judge"
            | "secretary"
            | "chairman"
            | "director"
            | "spokesman"
            | "spokeswoman"
            | "lawyer"
            | "attorney"
            | "officer"
            | "king"
            | "queen"
            | "prince"
            | "coach"
            | "actor"
            | "actress"
            | "singer"
            | "author"
            | "mr"
            | "mrs"
            | "ms"
            | "dr"
            | "sen"
            | "gov"
            | "rep"
            | "gen"
            | "police"
            | "officials"
            | "commission"
            | "agency"
            | "ministry"
            | "court"
    )
}

/// A word that tells a cause.
pub(super) fn is_cause(folded: &str) -> bool {
    matches!(
        folded,
        "because"
            | "cause"
            | "caused"
            | "causing"
            | "reason"
            | "reasons"
            | "therefore"
            | "thus"
            | "hence"
            | "prompted"
            | "blame"
            | "blamed"
            | "blames"
            | "explained"
            | "explains"
            | "owing"
            | "thanks"
            | "result"
            | "resulted"
    )
}

/// A unit of time.
pub(super) fn is_duration(folded: &str) -> bool {
    matches!(
        folded,
        "second"
            | "seconds"
            | "minute"
            | "minutes"
            | "hour"
            | "hours"
            | "day"
            | "days"
            | "night"
            | "nights"
            | "week"
            | "weeks"
            | "month"
            | "months"
            | "year"
            | "years"
            | "decade"
            | "decades"
            | "century"
            | "centuries"
    )
}

/// A unit of length below a metre.
pub(super) fn is_small_length(folded: &str) -> bool {
    matches!(
        folded,
        "centimetre"
            | "centimetres"
            | "centimeter"
            | "centimeters"
            | "cm"
            | "millimetre"
            | "millimetres"
            | "millimeter"
            | "millimeters"
            | "mm"
            | "inch"
            | "inches"
    )
}

/// A unit of height and length.
pub(super) fn is_length(folded: &str) -> bool {
    matches!(
        folded,
        "metre"
            | "metres"
            | "meter"
            | "meters"
            | "m"
            | "foot"
            | "feet"
            | "ft"
            | "yard"
            | "yards"
            | "storey"
            | "storeys"
            | "story"
            | "stories"
            | "floors"
    )
}

/// A unit of distance or speed.
pub(super) fn is_distance(folded: &str) -> bool {
    matches!(
        folded,
        "kilometre" | "kilometres" | "kilometer" | "kilometers" | "km" | "mile" | "miles" | "mph" | "knots" | "light"
    )
}

/// A unit of area or volume.
pub(super) fn is_area_or_volume(folded: &str) -> bool {
    matches!(
        folded,
        "hectare"
            | "hectares"
            | "acre"
            | "acres"
            | "square"
            | "cubic"
            | "litre"
            | "litres"
            | "liters"
            | "gallons"
            | "size"
            | "times"
    )
}

/// A unit of weight.
pub(super) fn is_weight(folded: &str) -> bool {
    matches!(
        folded,
        "gram"
            | "grams"
            | "kilogram"
            | "kilograms"
            | "kilo"
            | "kilos"
            | "kg"
            | "tonne"
            | "tonnes"
            | "ton"
            | "tons"
            | "pound"
            | "pounds"
            | "ounce"
            | "ounces"
    )
}

/// A unit of money, or of shares.
pub(super) fn is_amount(folded: &str) -> bool {
    matches!(
        folded,
        "crown"
            | "crowns"
            | "dollar"
            | "dollars"
            | "euro"
            | "euros"
            | "pound"
            | "pounds"
            | "yen"
            | "yuan"
            | "rupees"
            | "cent"
            | "cents"
            | "pence"
            | "francs"
            | "per"
            | "percent"
            | "million"
            | "billion"
            | "trillion"
            | "thousand"
    )
}

/// A unit of any measure.
pub(super) fn is_unit(folded: &str) -> bool {
    is_duration(folded)
        || is_small_length(folded)
        || is_length(folded)
        || is_distance(folded)
        || is_area_or_volume(folded)
        || is_weight(folded)
        || is_amount(folded)
}
