import FlowCore
import FlowJSON
import Testing

@Suite("durations, instants and names", .timeLimit(.minutes(1)))
struct ValueTests {
    static let durations: [(JSONValue, Duration?)] = [
        ("250ms", .milliseconds(250)), ("30s", .seconds(30)), ("5m", .seconds(300)), ("2h", .seconds(7200)),
        ("1d", .seconds(86_400)), ("1.5s", .milliseconds(1500)), ("PT5M", .seconds(300)), ("P1DT1H", .seconds(90_000)),
        ("PT0.25S", .milliseconds(250)), (2, .seconds(2)), (0.5, .milliseconds(500)), ("0s", .zero),
        ("", nil), ("5", nil), ("-5s", nil), ("5 s", nil), ("s", nil), ("1.s", nil), ("PT", nil), ("P", nil),
        ("PT5", nil),
        ("PT1S1M", nil), (-1, nil), (true, nil), ("1e3s", nil), ("999999999999d", nil),
    ]

    @Test("durations", arguments: durations.indices)
    func duration(index: Int) { #expect(DurationText.parse(Self.durations[index].0) == Self.durations[index].1) }

    @Test(
        "a duration's text reads back", arguments: [0, 1, 999, 1000, 61_000, 60_000, 3_600_000, 86_400_000, 90_061_001])
    func durationText(milliseconds: Int) {
        let duration = Duration.milliseconds(milliseconds)
        #expect(DurationText.parse(DurationText.text(duration)) == duration)
    }

    static let instants: [(String, Int64?)] = [
        ("1970-01-01T00:00:00Z", 0), ("2026-01-31T09:05:00.250Z", 1_769_850_300_250),
        ("2026-01-31T10:05:00.25+01:00", 1_769_850_300_250), ("2024-02-29T23:59:60Z", 1_709_251_199_000),
        ("1969-12-31T23:59:59.999Z", -1), ("2026-02-29T00:00:00Z", nil), ("2026-13-01T00:00:00Z", nil),
        ("2026-01-31 09:05:00Z", nil), ("2026-01-31T09:05:00", nil), ("2026-01-31T24:00:00Z", nil), ("now", nil),
    ]

    @Test("instants (RFC 3339)", arguments: instants.indices)
    func instant(index: Int) {
        let (text, milliseconds) = Self.instants[index]
        #expect(Timestamp(text)?.milliseconds == milliseconds)
        if let milliseconds {
            #expect(Timestamp(Timestamp(milliseconds: milliseconds).description)?.milliseconds == milliseconds)
        }
    }

    @Test(
        "names",
        arguments: [
            ("a", true), ("a-b_c", true), ("_a", true), ("-a", false), ("", false), ("a b", false), ("é", false),
        ])
    func names(text: String, isName: Bool) { #expect((NodeID(checking: text) != nil) == isName) }
}
