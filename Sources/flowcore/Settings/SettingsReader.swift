import Configuration
import FlowCore
import FlowHTTP
import FlowJSON
import Logging

/// Reads settings and gathers everything that is wrong with them.
struct SettingsReader {
    private let reader: ConfigReader
    private(set) var problems: [String] = []
    private(set) var known: [String] = []

    init(_ reader: ConfigReader) { self.reader = reader }

    mutating func text(_ key: String, _ target: inout String) {
        value(key, "a text", &target) { $0.isEmpty ? nil : $0 }
    }

    mutating func reference(_ key: String, _ target: inout String) {
        value(key, "a URI reference", &target) { text in
            !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F } ? text : nil
        }
    }

    mutating func text(_ key: String, _ target: inout String?) {
        known.append(key)
        if let text = reader.string(forKey: ConfigKey(key)), !Self.isNone(text) { target = text }
    }

    mutating func number(_ key: String, in range: ClosedRange<Int>, _ target: inout Int) {
        value(key, "a number from \(range.lowerBound) to \(range.upperBound)", &target) { text in
            Int(text).flatMap { range.contains($0) ? $0 : nil }
        }
    }

    mutating func number(_ key: String, in range: ClosedRange<Int>, _ target: inout Int?) {
        known.append(key)
        guard reader.string(forKey: ConfigKey(key)).map({ !Self.isNone($0) }) == true else { return }
        var number = 0
        self.number(key, in: range, &number)
        target = number
    }

    mutating func number(_ key: String, in range: ClosedRange<Double>, _ target: inout Double) {
        value(key, "a number from \(range.lowerBound) to \(range.upperBound)", &target) { text in
            Double(text).flatMap { range.contains($0) ? $0 : nil }
        }
    }

    mutating func duration(_ key: String, _ target: inout Duration) {
        value(key, "a duration such as \"30s\"", &target) { text in
            (DurationText.parse(text) ?? Int64(text).map { .seconds($0) }).flatMap { $0 > .zero ? $0 : nil }
        }
    }

    mutating func duration(_ key: String, _ target: inout Duration?) {
        known.append(key)
        guard reader.string(forKey: ConfigKey(key)).map({ !Self.isNone($0) }) == true else { return }
        var duration = Duration.zero
        self.duration(key, &duration)
        target = duration
    }

    mutating func flag(_ key: String, _ target: inout Bool) {
        value(key, "true or false", &target) { Bool($0.lowercased()) }
    }

    mutating func flag(_ key: String, _ target: inout Bool?) {
        known.append(key)
        guard reader.string(forKey: ConfigKey(key)).map({ $0 != "auto" && !Self.isNone($0) }) == true else { return }
        var flag = false
        self.flag(key, &flag)
        target = flag
    }

    mutating func choice<Choice: RawRepresentable & CaseIterable>(_ key: String, _ target: inout Choice)
    where Choice.RawValue == String {
        let names = Choice.allCases.map(\.rawValue).joined(separator: ", ")
        value(key, "one of \(names)", &target) { Choice(rawValue: $0) }
    }

    mutating func texts(_ key: String, _ target: inout [String]) {
        known.append(key)
        if let texts = reader.stringArray(forKey: ConfigKey(key), isSecret: true) {
            target = texts.filter { !$0.isEmpty }
        }
    }

    mutating func problem(_ text: String) { problems.append(text) }

    private static func isNone(_ text: String) -> Bool {
        text.isEmpty || text == "null" || text == "~" || text == "none"
    }

    private mutating func value<Value>(
        _ key: String, _ expected: String, _ target: inout Value, _ read: (String) -> Value?
    ) {
        known.append(key)
        guard let text = reader.string(forKey: ConfigKey(key)) else { return }
        if let value = read(text) {
            target = value
        } else {
            problems.append("\(key): expected \(expected), found \"\(URLCredentials.hidden(in: text))\"")
        }
    }
}
