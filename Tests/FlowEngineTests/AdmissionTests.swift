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
        func admit(_ id: String, isChild: Bool) throws(ServiceError) {
            _ = try store.admit(WorkflowID(id), durability: .full, key: nil, isChild: isChild)
        }
        try admit("a", isChild: false)
        try admit("b", isChild: true)
        #expect(throws: ServiceError.self) { try admit("c", isChild: true) }
        try admit("c", isChild: false)
        try admit("d", isChild: false)
        #expect(throws: ServiceError.self) { try admit("e", isChild: false) }
        await journal.close()
    }
}
