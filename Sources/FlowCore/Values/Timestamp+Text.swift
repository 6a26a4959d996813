extension Timestamp: CustomStringConvertible {
    /// The instant as RFC 3339 text in UTC with milliseconds, such as `2026-01-31T09:05:00.250Z`.
    public var description: String {
        var text: [UInt8] = []
        text.reserveCapacity(24)
        append(to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    /// Appends the text of ``description``.
    public func append(to bytes: inout [UInt8]) {
        bytes.append(addingCapacity: 24) { append(to: &$0) }
    }

    private func append(to text: inout OutputSpan<UInt8>) {
        let (days, millisecondsOfDay) = Self.split(milliseconds, by: 86_400_000)
        let date = Self.civilDate(day: days)
        Self.appendPair(date.year / 100 % 100, to: &text)
        Self.appendPair(date.year % 100, to: &text)
        text.append(UInt8(ascii: "-"))
        Self.appendPair(date.month, to: &text)
        text.append(UInt8(ascii: "-"))
        Self.appendPair(date.day, to: &text)
        text.append(UInt8(ascii: "T"))
        Self.appendPair(millisecondsOfDay / 3_600_000, to: &text)
        text.append(UInt8(ascii: ":"))
        Self.appendPair(millisecondsOfDay / 60_000 % 60, to: &text)
        text.append(UInt8(ascii: ":"))
        Self.appendPair(millisecondsOfDay / 1000 % 60, to: &text)
        text.append(UInt8(ascii: "."))
        let fraction = millisecondsOfDay % 1000
        text.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: fraction / 100))
        Self.appendPair(fraction % 100, to: &text)
        text.append(UInt8(ascii: "Z"))
    }

    /// Reads RFC 3339 text (section 5.6) with any offset and any number of fraction digits; what lies below a
    /// millisecond is dropped. A leap second counts as the second before it. `nil` for anything else.
    public init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count >= 20,
            let year = Self.number(bytes, 0, 4), bytes[4] == UInt8(ascii: "-"),
            let month = Self.number(bytes, 5, 2), (1...12).contains(month), bytes[7] == UInt8(ascii: "-"),
            let day = Self.number(bytes, 8, 2), (1...Self.days(inMonth: month, of: year)).contains(day),
            bytes[10] | 0x20 == UInt8(ascii: "t"),
            let hour = Self.number(bytes, 11, 2), hour < 24, bytes[13] == UInt8(ascii: ":"),
            let minute = Self.number(bytes, 14, 2), minute < 60, bytes[16] == UInt8(ascii: ":"),
            let second = Self.number(bytes, 17, 2), second <= 60
        else { return nil }
        var index = 19
        var fraction: Int64 = 0
        if bytes[index] == UInt8(ascii: ".") {
            index += 1
            let start = index
            var weight: Int64 = 100
            while index < bytes.count, let digit = Self.number(bytes, index, 1) {
                fraction += digit * weight
                weight /= 10
                index += 1
            }
            guard index > start else { return nil }
        }
        guard index < bytes.count, let offset = Self.offset(bytes, from: index) else { return nil }
        let days = Self.day(year: year, month: month, day: day)
        let seconds = ((days * 24 + hour) * 60 + minute) * 60 + min(second, 59) - offset
        self.init(milliseconds: seconds * 1000 + fraction)
    }

    /// The seconds that a trailing `Z` or `±hh:mm` stands for.
    private static func offset(_ bytes: [UInt8], from index: Int) -> Int64? {
        if bytes[index] | 0x20 == UInt8(ascii: "z") { return index + 1 == bytes.count ? 0 : nil }
        let sign: Int64
        switch bytes[index] {
        case UInt8(ascii: "+"): sign = 1
        case UInt8(ascii: "-"): sign = -1
        default: return nil
        }
        guard index + 6 == bytes.count, bytes[index + 3] == UInt8(ascii: ":"),
            let hours = number(bytes, index + 1, 2), hours < 24, let minutes = number(bytes, index + 4, 2), minutes < 60
        else { return nil }
        return sign * (hours * 60 + minutes) * 60
    }

    private static func number(_ bytes: [UInt8], _ start: Int, _ count: Int) -> Int64? {
        guard start + count <= bytes.count else { return nil }
        var value: Int64 = 0
        for byte in bytes[start..<start + count] {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
            value = value * 10 + Int64(byte - UInt8(ascii: "0"))
        }
        return value
    }

    /// Appends a number below 100 as two digits.
    private static func appendPair(_ number: Int64, to text: inout OutputSpan<UInt8>) {
        text.append(UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: number / 10))
        text.append(UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: number % 10))
    }

    /// Floored division, so that instants before 1970 keep their place in the day.
    private static func split(_ value: Int64, by unit: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: unit)
        return remainder < 0 ? (quotient - 1, remainder + unit) : (quotient, remainder)
    }

    /// The date of a day counted from 1970-01-01 in the proleptic Gregorian calendar. Years are counted from March,
    /// which puts the leap day at a year's end and makes the month lengths regular.
    private static func civilDate(day: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let (era, dayOfEra) = split(day + 719_468, by: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * shifted + 2) / 5 + 1)
    }

    private static func day(year: Int64, month: Int64, day: Int64) -> Int64 {
        let shiftedYear = month <= 2 ? year - 1 : year
        let (era, yearOfEra) = split(shiftedYear, by: 400)
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private static func days(inMonth month: Int64, of year: Int64) -> Int64 {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}
