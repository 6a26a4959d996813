import BackendTestSuite
import FlowCore
import FlowJSON
import Foundation
import TestSupport
import Testing

@Suite("the cases, their names and their page", .timeLimit(.minutes(1)))
struct CatalogueTests {
    private static let page = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "docs/conformance.md").path()

    @Test("every level has cases, more than sixty in all, each with a name of its own and a reason")
    func cases() {
        let cases = BackendTestSuite.cases
        #expect(cases.count >= 60 && Set(cases.map(\.id)).count == cases.count)
        for level in ConformanceLevel.allCases { #expect(cases.count { $0.level == level } >= 10) }
        #expect(cases.map(\.level) == cases.map(\.level).sorted())
        for item in cases {
            #expect(item.id == "\(item.level.rawValue).\(item.group).\(item.id.split(separator: ".").last ?? "")")
            #expect(!item.title.isEmpty && item.why.hasSuffix("."), "\(item.id)")
        }
    }

    @Test("the page lists every case as it is")
    func documented() throws {
        let text = try text(of: Self.page)
        let rows = BackendTestSuite.cases.map { "| `\($0.id)` | \($0.title) | \($0.why) |" }
        let written = text.split(separator: "\n").map(String.init).filter { $0.hasPrefix("| `L") }
        #expect(written == rows, "the tables of docs/conformance.md; they should be:\n\(rows.joined(separator: "\n"))")
    }

    @Test(
        "patterns name ids, groups, beginnings of ids, and any text",
        arguments: [
            ("L1.errors.failed-result", true), ("L1.errors", true), ("L1", true), ("errors", true), ("*failed*", true),
            ("L?.errors", false), ("L1.err", false), ("L1.*.failed-result", true), ("failed", false), ("L0*", false),
        ])
    func patterns(_ pattern: String, _ isMeant: Bool) throws {
        let item = try #require(BackendTestSuite.cases.first { $0.id == "L1.errors.failed-result" })
        #expect(item.matches(pattern) == isMeant)
    }

    @Test("a report tells the highest level of which, and of those below, no case failed")
    func level() {
        func report(_ outcomes: [ConformanceResult.Outcome]) -> ConformanceReport {
            ConformanceReport(
                zip(ConformanceLevel.allCases, outcomes).map { level, outcome in
                    ConformanceResult(
                        id: level.rawValue, group: "g", level: level, title: "t", outcome: outcome, duration: .zero)
                })
        }
        #expect(report([.passed, .passed, .passed, .passed]).level == .l3)
        #expect(report([.passed, .failed, .passed, .passed]).level == .l0)
        #expect(report([.failed, .passed]).level == nil)
        #expect(report([.passed, .skipped, .passed]).level == .l0)
        #expect(report([.skipped]).hasPassed == false && report([]).hasPassed == false)
    }

    @Test("a suite on a backend that does not answer ends with that")
    func absent() async throws {
        await #expect(throws: ConformanceFailure.self) {
            try await BackendTestSuite(url: "http://127.0.0.1:1").verify()
        }
    }

    @Test("a backend that hangs is judged within the time of a suite")
    func hanging() async throws {
        try await ReferenceBackend.with { reference in
            var hanging = try #require(BrokenBackend.all.first { $0.fault == "hangs" })
            hanging.reference = reference
            var runner = ConformanceRunner(BackendTestSuite(hanging, samples: ReferenceBackend.samples))
            runner.wholeTime = .seconds(2)
            let report = try await runner.report()
            #expect(report.results.count == BackendTestSuite.cases.count && !report.hasPassed)
            // What could not be tried has failed, and says so.
            #expect(report.results.last?.outcome == .failed)
            #expect(report.results.last?.detail.contains("mend those that hang first") == true)
        }
    }

    @Test("a backend that is slow is given the time that it needs for fifty nodes behind each other")
    func slow() async throws {
        try await ReferenceBackend.with { reference in
            var slow = BrokenBackend("is slow", caughtBy: "") { request, reference in
                try await Task.sleep(for: .milliseconds(210))
                return try await reference.executeNode(request)
            }
            slow.reference = reference
            let ids = [
                "L1.sequence.long", "L1.node.once", "L2.cancel.node-ends", "L2.timeout.run", "L3.crash.mid-node",
            ]
            let cases = BackendTestSuite.cases.filter { ids.contains($0.id) }
            #expect(cases.count == ids.count)
            let suite = BackendTestSuite(slow, samples: ReferenceBackend.samples)
            let report = try await ConformanceRunner(suite, cases: cases).report()
            #expect(report.results.allSatisfy { $0.outcome == .passed }, "\(report.text(name: "slow"))")
            // More than a case has by itself, or nothing was shown.
            #expect(report.results.contains { $0.id == "L1.sequence.long" && $0.duration > .seconds(10) })
        }
    }

    @Test("what is told of an answer is bounded by its bytes, and holds no part of a secret that is cut off")
    func excerpts() throws {
        let marks = "e" + String(repeating: "\u{301}", count: 100_000)
        #expect(ConformanceFailure.excerpt(marks).utf8.count < 700)
        let text = String(repeating: "x", count: 590) + "a-secret-of-twenty-digits"
        let redaction = ConformanceText.Redaction { $0.replacing("a-secret-of-twenty-digits", with: "[secret]") }
        let shown = ConformanceText.$redaction.withValue(redaction) { ConformanceFailure.excerpt(text) }
        #expect(!shown.contains("a-sec") && shown.contains("[secret]"), "\(shown)")
    }
}
