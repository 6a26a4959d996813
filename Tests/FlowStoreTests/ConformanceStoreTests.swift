import FlowCore
import FlowEngine
import FlowStore
import TestSupport
import Testing

@Suite("runs of the conformance suite on disk", .timeLimit(.minutes(1)))
struct ConformanceStoreTests {
    private static func run(_ id: String, level: ConformanceLevel = .l3) -> ConformanceRun {
        ConformanceRun(
            id: id, backend: "b", level: level, only: [], total: 2, startedAt: Timestamp(milliseconds: 1000))
    }

    private static func ended(_ run: ConformanceRun, _ failing: ConformanceLevel?) -> ConformanceRun {
        var run = run
        run.report = ConformanceReport(
            ConformanceLevel.allCases.map { level in
                ConformanceResult(
                    id: "\(level.rawValue).x.y", group: "x", level: level, title: "t",
                    outcome: level == failing ? .failed : .passed, detail: level == failing ? "why" : "",
                    duration: .milliseconds(5))
            })
        run.status = failing == nil ? .passed : .failed
        run.endedAt = Timestamp(milliseconds: 2000)
        return run
    }

    private static func with(_ body: (SQLiteJournal) async throws -> Void) async throws {
        let journal = try await SQLiteJournal.open(directory: temporaryDirectory())
        let result: Result<Void, any Error>
        do { result = .success(try await body(journal)) } catch { result = .failure(error) }
        await journal.close()
        try result.get()
    }

    @Test("a run comes back as it ended")
    func roundTrip() async throws {
        try await Self.with { journal in
            var run = Self.run("r1")
            run.sequence = try await journal.begin(run, keeping: 10)
            #expect(try await journal.conformanceRun("r1", of: "b") == run)
            run = Self.ended(run, .l2)
            try await journal.end(run)
            #expect(try await journal.conformanceRun("r1", of: "b") == run)
            #expect(try await journal.conformanceRun("r1", of: "other") == nil)
            #expect(try await journal.currentConformance().first?.proven == .l1)
        }
    }

    @Test("so many are kept, and the one that proves the most of them all")
    func bounded() async throws {
        try await Self.with { journal in
            for number in 1...6 {
                let run = Self.run("r\(number)")
                _ = try await journal.begin(run, keeping: 3)
                try await journal.end(Self.ended(run, number == 1 ? nil : .l1))
            }
            let kept = try await journal.conformanceRuns(of: "b", before: nil, limit: 10).map(\.id)
            #expect(kept == ["r6", "r5", "r4", "r1"])
            #expect(try await journal.currentConformance().first?.proven == .l3)
        }
    }

    @Test("a crash leaves no run going, a registration resets what is proven, and a removal takes all along")
    func lifetime() async throws {
        try await Self.with { journal in
            try await journal.save(BackendRegistration(name: "b", type: "logging", requireConformance: .l2))
            #expect(try await journal.registrations().first?.requireConformance == .l2)
            let first = Self.run("r1")
            _ = try await journal.begin(first, keeping: 10)
            try await journal.end(Self.ended(first, nil))
            _ = try await journal.begin(Self.run("r2"), keeping: 10)
            try await journal.interruptConformanceRuns(at: Timestamp(milliseconds: 3000))
            let left = try await journal.conformanceRun("r2", of: "b")
            #expect(left?.status == .interrupted && left?.endedAt == Timestamp(milliseconds: 3000))
            let current = try await journal.currentConformance()
            #expect(current.map(\.last.id) == ["r2"] && current.map(\.proven) == [.l3])
            try await journal.save(BackendRegistration(name: "b", type: "logging"))
            #expect(try await journal.registrations().first?.requireConformance == nil)
            #expect(try await journal.currentConformance() == [])
            #expect(try await journal.conformanceRuns(of: "b", before: nil, limit: 10).count == 2)
            try await journal.removeRegistration("b")
            #expect(try await journal.conformanceRuns(of: "b", before: nil, limit: 10) == [])
        }
    }
}
