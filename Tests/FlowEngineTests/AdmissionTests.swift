import FlowCore
import FlowStore
import TestSupport
import Testing

@testable import FlowEngine

@Suite("room for runs", .timeLimit(.minutes(1)))
struct AdmissionTests {
    @Test("runs that others start get half of it, the rest is there for clients")
    func children() async throws {
        let journal = try await SQLiteJournal.open(directory: temporaryDirectory())
        var limits = EngineLimits()
        limits.activeRuns = 4
        let store = JobStore(journal: journal, limits: limits)
        func admit(_ id: String, isChild: Bool) async throws(ServiceError) {
            _ = try await store.admit(WorkflowID(id), durability: .full, key: nil, isChild: isChild)
        }
        try await admit("a", isChild: false)
        try await admit("b", isChild: true)
        await #expect(throws: ServiceError.self) { try await admit("c", isChild: true) }
        try await admit("c", isChild: false)
        try await admit("d", isChild: false)
        await #expect(throws: ServiceError.self) { try await admit("e", isChild: false) }
        await journal.close()
    }
}
