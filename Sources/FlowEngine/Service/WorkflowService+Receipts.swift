public import FlowCore
public import FlowJSON
import Synchronization

/// Some of a run's receipts.
public struct ReceiptPage: Sendable {
    /// The state of the run that they tell of.
    public let context: WorkflowContext
    /// The hash of what was submitted.
    public let submissionHash: String
    /// The receipts.
    public let receipts: [JSONObject]
    /// The hash of the last of all receipts, or of the submission when there are none.
    public let head: String
    /// The number of the last one on this page when others follow.
    public let next: Int?
}

extension WorkflowService {
    /// The receipts of a run behind a number, derived from its journal.
    ///
    /// - Throws: ``ServiceError/notFound(_:)`` when there is no such run.
    public func receipts(
        of id: WorkflowID, after number: Int, limit: Int
    ) async throws(ServiceError) -> ReceiptPage {
        // Away from the thread of the connection, which has others to serve: all that went in and out is hashed.
        let result = await withTaskExecutorPreference(globalConcurrentExecutor) {
            () async -> Result<ReceiptPage, ServiceError> in
            do throws(ServiceError) {
                return .success(try await self.page(of: id, after: number, limit: limit))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    private func page(of id: WorkflowID, after number: Int, limit: Int) async throws(ServiceError) -> ReceiptPage {
        var events = try await events(of: id, after: 0)
        var book = ReceiptBook(
            of: id, versions: versions.withLock { $0 }, builtIn: registry.builtInTypes)
        var page: [JSONObject] = []
        while let some = try await events.next(until: engine.clock.now), !some.isEmpty {
            await Task.yield()
            for event in some {
                let first = book.count + 1
                book.add(event)
                for (offset, receipt) in book.take().enumerated()
                where first + offset > number && page.count < limit {
                    page.append(receipt)
                }
            }
        }
        guard let context = book.state else { throw Self.unknown(id) }
        let last = min(number, book.count) + page.count
        return ReceiptPage(
            context: context, submissionHash: book.submissionHash, receipts: page, head: book.head,
            next: last < book.count ? last : nil)
    }

    /// Has the journal keep which version works on it, and learns of earlier ones.
    func noteVersion() async throws(JournalError) {
        guard let version else { return }
        let known = try await engine.journal.note(ServerVersion(version: version, since: engine.clock.now))
        versions.withLock { $0 = known }
    }
}
