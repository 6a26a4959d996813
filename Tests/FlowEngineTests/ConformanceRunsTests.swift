import FlowCore
import FlowJSON
import FlowStore
import FlowTesting
import Logging
import Synchronization
import TestSupport
import Testing

@testable import FlowEngine

/// A store that takes its time, or nothing.
private final class GatedStore: ConformanceStore {
    let beginning: Gate?
    let ending: Gate?
    private let runs = Mutex<[ConformanceRun]>([])

    init(beginning: Gate? = nil, ending: Gate? = nil) {
        self.beginning = beginning
        self.ending = ending
    }

    func statuses(_ backend: BackendName = .native) -> [ConformanceRun.Status] {
        runs.withLock { $0.filter { $0.backend == backend }.map(\.status) }
    }

    func begin(_ run: ConformanceRun, keeping count: Int) async -> Int64 {
        if run.backend == .native { _ = await beginning?.pass() }
        return runs.withLock { runs in
            runs.append(run)
            return Int64(runs.count)
        }
    }

    func end(_ run: ConformanceRun) async {
        _ = await ending?.pass()
        runs.withLock { runs in
            guard let index = runs.firstIndex(where: { $0.id == run.id }) else { return }
            runs[index] = run
        }
    }

    func conformanceRun(_ id: String, of backend: BackendName) async -> ConformanceRun? {
        runs.withLock { $0.first { $0.id == id } }
    }

    func conformanceRuns(of backend: BackendName, before sequence: Int64?, limit: Int) async -> [ConformanceRun] {
        runs.withLock { $0 }
    }

    func interruptConformanceRuns(at instant: Timestamp) async {}
    func currentConformance() async -> [CurrentConformance] { [] }
}

/// Ends at once, or when it is told to stop.
private struct Judge: ConformanceJudge {
    var gate: Gate?

    func issues(in wish: ConformanceWish) -> [ValidationIssue] { [] }
    func count(_ wish: ConformanceWish) -> Int { 1 }
    func report(of results: [ConformanceResult]) -> ConformanceReport { ConformanceReport(results) }
    func results(
        of backend: any Backend, _ wish: ConformanceWish
    ) -> AsyncThrowingStream<ConformanceResult, any Error> {
        AsyncThrowingStream { continuation in
            let task = Task {
                _ = await gate?.pass()
                continuation.yield(
                    ConformanceResult(
                        id: "L0.a.b", group: "a", level: .l0, title: "t", outcome: .passed, duration: .zero))
                continuation.finish()
            }
            continuation.onTermination = { _ in task.cancel() }
        }
    }
}

@Suite("conformance runs while the server goes down", .timeLimit(.minutes(1)))
struct ConformanceRunsTests {
    private func runs(_ store: GatedStore, _ judge: Judge) async throws -> ConformanceRuns {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let journal = try await SQLiteJournal.open(directory: temporaryDirectory())
        let registry = await BackendRegistry(
            builtIn: [
                ScriptedBackend { _ in .success(output: 1) },
                ScriptedBackend(name: "other") { _ in .success(output: 1) },
            ], factories: [], journal: journal, logger: logger)
        let ids = WorkflowIDGenerator()
        return ConformanceRuns(
            registry: registry, judge: judge, store: store, clock: ManualClock(), logger: logger,
            makeID: { ids.next(at: $0) })
    }

    @Test("a run whose beginning is still being stored is refused, and is stored as cancelled before the stop is over")
    func beginning() async throws {
        let store = GatedStore(beginning: Gate())
        let runs = try await runs(store, Judge(gate: Gate()))
        let begun = Task { try await runs.begin(ConformanceWish(), on: .native) }
        await store.beginning?.arrivals(1)
        async let stopped: [ConformanceRun.Status] = {
            await runs.stop()
            return store.statuses()
        }()
        // The stop has come so far that it takes no more.
        var isClosing = false
        while !isClosing {
            do { _ = try await runs.begin(ConformanceWish(), on: "other") } catch ServiceError.unavailable {
                isClosing = true
            } catch { await Task.yield() }
        }
        store.beginning?.open()
        await #expect(throws: ServiceError.unavailable("the server is going down")) { try await begun.value }
        #expect(await stopped == [.cancelled])
    }

    @Test("a stop waits until a run that has ended is stored")
    func ending() async throws {
        let store = GatedStore(ending: Gate())
        let runs = try await runs(store, Judge())
        _ = try await runs.begin(ConformanceWish(), on: .native)
        await store.ending?.arrivals(1)
        async let stopped: [ConformanceRun.Status] = {
            await runs.stop()
            return store.statuses()
        }()
        for _ in 0..<100 { await Task.yield() }
        store.ending?.open()
        #expect(await stopped == [.passed])
    }

    @Test("a stop that comes while the cases are tried cancels them, and stores that")
    func cancelled() async throws {
        let store = GatedStore()
        let runs = try await runs(store, Judge(gate: Gate()))
        let run = try await runs.begin(ConformanceWish(), on: .native)
        let live = try #require(runs.live(run.id, of: .native))
        async let news = live.news(after: 0)
        await runs.stop()
        #expect(await news.hasEnded && live.run.status == .cancelled)
        #expect(store.statuses() == [.cancelled])
    }
}
