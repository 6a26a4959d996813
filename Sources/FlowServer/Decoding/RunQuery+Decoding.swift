import FlowCore
import FlowEngine
import FlowHTTP

extension RunQuery {
    /// Reads the query of a list.
    ///
    /// - Throws: ``Problem`` with everything that is wrong.
    init(_ request: HTTPRequest) throws(Problem) {
        var items = QueryItems(request.query)
        self.init()
        for text in items.texts("status") {
            if let status = WorkflowStatus(rawValue: text) {
                statuses.insert(status)
            } else {
                let known = WorkflowStatus.allCases.map(\.rawValue).joined(separator: ", ")
                items.refuse("status", "\"\(text.prefix(80))\" is no status; there are \(known)")
            }
        }
        name = items.text("name")
        definition = items.value(
            "definition", expected: "the name of a definition, or NAME@VERSION", DefinitionReference.init(checking:))
        backend = items.value("backend", expected: "the name of a backend", BackendName.init(checking:))
        for text in items.texts("label") {
            let parts = text.unicodeScalars.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[0].isEmpty else {
                items.refuse("label", "expected NAME=VALUE, found \"\(text.prefix(80))\"")
                continue
            }
            labels[String(parts[0])] = String(parts[1])
        }
        submittedFrom = items.value("submitted_from", expected: "an RFC 3339 time") { Timestamp($0) }
        submittedBefore = items.value("submitted_before", expected: "an RFC 3339 time") { Timestamp($0) }
        before = items.value("cursor", expected: "a cursor of an earlier page") {
            Int64($0).flatMap { $0 > 0 ? $0 : nil }
        }
        limit =
            items.value("limit", expected: "a number from 1 to 200") {
                Int($0).flatMap { (1...200).contains($0) ? $0 : nil }
            } ?? 50
        try items.finish()
    }
}
