import FlowEngine
import GRDB

extension JournalError {
    /// The journal's word for whatever the database threw.
    init(_ error: any Error) {
        switch error {
        case let error as JournalError: self = error
        case let error as DatabaseError where error.resultCode == .SQLITE_FULL:
            self.init(.full, "the disk is full")
        case let error as DatabaseError where [.SQLITE_CORRUPT, .SQLITE_NOTADB].contains(error.resultCode):
            self.init(.corrupt, error.message ?? "the database is damaged")
        case let error as DatabaseError:
            self.init(.unavailable, "\(error.resultCode): \(error.message ?? "no message")")
        default: self.init(.unavailable, "\(error)")
        }
    }
}
