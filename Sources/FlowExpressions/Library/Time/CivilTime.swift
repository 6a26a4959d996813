/// A time of the proleptic Gregorian calendar, as its parts.
struct CivilTime {
    let year: Int64
    /// From 1 to 12.
    let month: Int64
    /// From 1 to 31.
    let day: Int64
    let hour: Int64
    let minute: Int64
    let second: Int64
    /// Days since 1970-01-01.
    let days: Int64

    /// The parts of a count of seconds since 1970, in the zone that the count is of.
    init(seconds: Int64) {
        let (days, rest) = Self.divide(seconds, 86_400)
        self.days = days
        hour = rest / 3600
        minute = rest / 60 % 60
        second = rest % 60
        // Years are counted from March, so that the leap day is a year's last, and in eras of 400 years, which are equal.
        let (era, dayOfEra) = Self.divide(days + 719_468, 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * shifted + 2) / 5 + 1
        month = shifted < 10 ? shifted + 3 : shifted - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    /// From 0 for Sunday to 6.
    var dayOfWeek: Int64 { Self.divide(days + 4, 7).rest }

    /// From 0.
    var dayOfYear: Int64 { days - Self.days(year: year, month: 1, day: 1) }

    /// Days since 1970-01-01.
    static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let (era, yearOfEra) = divide(shifted, 400)
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    static func isLeap(_ year: Int64) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }

    static func days(inMonth month: Int64, ofYear year: Int64) -> Int64 {
        switch month {
        case 2: isLeap(year) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    private static func divide(_ number: Int64, _ divisor: Int64) -> (quotient: Int64, rest: Int64) {
        let (quotient, rest) = number.quotientAndRemainder(dividingBy: divisor)
        return rest < 0 ? (quotient - 1, rest + divisor) : (quotient, rest)
    }
}
