public import FlowJSON

/// Durations as the API writes them: `"250ms"`, `"30s"`, `"5m"`, `"2h"`, `"1d"`, ISO 8601 (`"PT5M"`), or seconds as a
/// number.
public enum DurationText {
    /// The longest duration that is accepted: a hundred years.
    public static let maximum: Duration = .seconds(3_155_760_000)

    /// Reads a duration, or `nil` when the value is none, is negative or is longer than ``maximum``.
    public static func parse(_ value: JSONValue) -> Duration? {
        switch value {
        case .integer(let seconds): return bounded(Double(seconds))
        case .double(let seconds): return bounded(seconds)
        case .string(let text): return parse(text)
        default: return nil
        }
    }

    /// Reads a duration, or `nil` when the text is none, is negative or is longer than ``maximum``.
    public static func parse(_ text: String) -> Duration? {
        if text.hasPrefix("P") { return parseISO8601(text.dropFirst()) }
        let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        guard let number = number(digits) else { return nil }
        switch text.dropFirst(digits.count) {
        case "ms": return bounded(number / 1000)
        case "s": return bounded(number)
        case "m": return bounded(number * 60)
        case "h": return bounded(number * 3600)
        case "d": return bounded(number * 86_400)
        default: return nil
        }
    }

    /// The shortest of the texts that ``parse(_:)`` reads back as the same duration, to a millisecond.
    public static func text(_ duration: Duration) -> String {
        let milliseconds = duration.wholeMilliseconds
        guard milliseconds % 1000 == 0 else { return "\(milliseconds)ms" }
        let seconds = milliseconds / 1000
        if seconds == 0 || seconds % 60 != 0 { return "\(seconds)s" }
        if seconds % 86_400 == 0 { return "\(seconds / 86_400)d" }
        return seconds % 3600 == 0 ? "\(seconds / 3600)h" : "\(seconds / 60)m"
    }

    /// The part of ISO 8601 durations whose length is fixed: weeks, days, hours, minutes and seconds.
    private static func parseISO8601(_ text: Substring) -> Duration? {
        let parts = text.split(separator: "T", maxSplits: 1, omittingEmptySubsequences: false)
        guard let date = sum(parts[0], units: [("W", 604_800), ("D", 86_400)]) else { return nil }
        guard parts.count == 2 else { return date.count > 0 ? bounded(date.seconds) : nil }
        guard let time = sum(parts[1], units: [("H", 3600), ("M", 60), ("S", 1)]), time.count > 0 else { return nil }
        return bounded(date.seconds + time.seconds)
    }

    /// Adds up numbers with units; the units have to come in the given order, each at most once.
    private static func sum(
        _ text: Substring, units: [(name: Character, seconds: Double)]
    ) -> (seconds: Double, count: Int)? {
        var rest = text
        var allowed = units[...]
        var seconds = 0.0
        var count = 0
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
            rest = rest.dropFirst(digits.count)
            guard let number = number(digits), let unit = rest.popFirst(),
                let index = allowed.firstIndex(where: { $0.name == unit })
            else { return nil }
            seconds += number * allowed[index].seconds
            allowed = allowed[(index + 1)...]
            count += 1
        }
        return (seconds, count)
    }

    private static func number(_ digits: Substring) -> Double? {
        guard let first = digits.first, first != ".", digits.last != "." else { return nil }
        return Double(String(digits))
    }

    private static func bounded(_ seconds: Double) -> Duration? {
        guard seconds >= 0, seconds <= 3_155_760_000 else { return nil }
        return .milliseconds(Int64((seconds * 1000).rounded()))
    }
}
