import FlowCore
import FlowJSON

extension BackendMatch {
    /// So many backends and needs of each are told, so that an explanation stays small.
    private static let maximum = 16

    /// Why the server chose a backend.
    ///
    /// - Parameters:
    ///   - considered: Those that were looked at, in the order of their registration; the last one was chosen.
    static func explanation(of considered: [BackendMatch]) -> JSONObject {
        let chosen = considered.last?.backend.rawValue ?? ""
        let passed = considered.count - 1
        let reason =
            switch passed {
            case ..<1: "it is the first registered backend, is healthy and meets every need"
            case 1: "it is the first that is healthy and meets every need; the backend before it does not"
            default: "it is the first that is healthy and meets every need; the \(passed) backends before it do not"
            }
        var shown = considered.prefix(maximum).map(\.json)
        // The chosen one is always among them.
        if considered.count > maximum, let last = considered.last { shown[maximum - 1] = last.json }
        return [
            "requested": .string(BackendName.automatic.rawValue), "backend": .string(chosen),
            "reason": .string(reason), "considered": .array(shown),
        ]
    }

    private var json: JSONValue {
        let unmet = unmet.prefix(Self.maximum).map(\.json)
        return ["backend": .string(backend.rawValue), "accepted": .bool(isAccepted), "unmet": .array(unmet)]
    }
}

extension ValidationIssue {
    /// The unmet need as JSON.
    fileprivate var json: JSONValue {
        var object = JSONObject()
        if let code { object["code"] = .string(code.rawValue) }
        object["pointer"] = .string(pointer.description)
        object["detail"] = .string(detail)
        return .object(object)
    }
}
