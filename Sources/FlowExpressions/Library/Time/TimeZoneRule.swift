/// A zone's rule for all years, as POSIX writes it: `CET-1CEST,M3.5.0,M10.5.0/3`.
struct TimeZoneRule: Sendable {
    private let standard: Int64
    private let summer: (offset: Int64, begins: Change, ends: Change)?

    /// A day of the year and a time of that day.
    private struct Change: Sendable {
        enum Day: Sendable {
            /// A weekday's nth occurrence in a month, the fifth is the last.
            case weekday(month: Int64, week: Int64, day: Int64)
            /// From 1, where the 29th of February is not counted.
            case julian(Int64)
            /// From 0, where it is.
            case ordinal(Int64)
        }

        var day: Day
        var time: Int64

        /// When the change is in a year, in seconds since 1970 of the local time before it.
        func seconds(in year: Int64) -> Int64 {
            let newYear = CivilTime.days(year: year, month: 1, day: 1)
            switch day {
            case .julian(let number):
                let isAfterLeapDay = CivilTime.isLeap(year) && number >= 60
                return (newYear + number - 1 + (isAfterLeapDay ? 1 : 0)) * 86_400 + time
            case .ordinal(let number): return (newYear + number) * 86_400 + time
            case .weekday(let month, let week, let weekday):
                let first = CivilTime.days(year: year, month: month, day: 1)
                let firstWeekday = CivilTime(seconds: first * 86_400).dayOfWeek
                var date = (weekday - firstWeekday + 7) % 7 + 1 + (week - 1) * 7
                if date > CivilTime.days(inMonth: month, ofYear: year) { date -= 7 }
                return (first + date - 1) * 86_400 + time
            }
        }
    }

    /// Reads a rule, unless it is malformed.
    init?(_ text: String) {
        var reader = Reader(rest: Substring(text))
        guard reader.name(), let standard = reader.offset() else { return nil }
        self.standard = -standard
        guard reader.name() else {
            summer = nil
            return
        }
        let offset = reader.rest.first == "," ? standard - 3600 : reader.offset()
        guard let offset, let begins = reader.change(), let ends = reader.change() else { return nil }
        summer = (-offset, begins, ends)
    }

    /// The offset from UTC at an instant, in seconds.
    func offset(at time: Int64) -> Int64 {
        guard let summer else { return standard }
        let year = CivilTime(seconds: time + standard).year
        let begins = summer.begins.seconds(in: year) - standard
        let ends = summer.ends.seconds(in: year) - summer.offset
        let isSummer = begins < ends ? time >= begins && time < ends : time >= begins || time < ends
        return isSummer ? summer.offset : standard
    }

    private struct Reader {
        var rest: Substring

        mutating func take(_ character: Character) -> Bool {
            guard rest.first == character else { return false }
            rest.removeFirst()
            return true
        }

        mutating func name() -> Bool {
            if take("<") {
                rest = rest.drop { $0 != ">" }
                return take(">")
            }
            let letters = rest.prefix { $0.isLetter }
            rest = rest.dropFirst(letters.count)
            return !letters.isEmpty
        }

        mutating func number() -> Int64? {
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            rest = rest.dropFirst(digits.count)
            return Int64(digits)
        }

        /// Hours, minutes and seconds, as seconds.
        mutating func offset() -> Int64? {
            let isNegative = take("-")
            if !isNegative { _ = take("+") }
            guard let hours = number() else { return nil }
            var seconds = hours * 3600
            if take(":"), let minutes = number() { seconds += minutes * 60 }
            if take(":"), let rest = number() { seconds += rest }
            return isNegative ? -seconds : seconds
        }

        mutating func change() -> Change? {
            guard take(","), let day = day() else { return nil }
            guard take("/") else { return Change(day: day, time: 7200) }
            return offset().map { Change(day: day, time: $0) }
        }

        private mutating func day() -> Change.Day? {
            if take("M") {
                guard let month = number(), take("."), let week = number(), take("."), let day = number(),
                    (1...12).contains(month), (1...5).contains(week), (0...6).contains(day)
                else { return nil }
                return .weekday(month: month, week: week, day: day)
            }
            if take("J") { return number().map { .julian($0) } }
            return number().map { .ordinal($0) }
        }
    }
}
