import FlowCore

/// Who did the work of an attempt: the backend that its node went to, or the one behind it.
struct ReceiptExecutor {
    private(set) var name: BackendName
    private(set) var type: String?
    private(set) var version: String?
    private(set) var configHash: String?
    /// Whether this server did it itself.
    let runsHere: Bool

    /// - Parameters:
    ///   - identity: Who the backend is; `nil` when it is part of the server.
    ///   - switches: What handed the attempt on, in order.
    ///   - said: The backend that the result names. It counts where there is a list of backends, which names it.
    init(_ name: BackendName, _ identity: BackendIdentity?, switches: [BackendSwitch], said: BackendName?) {
        var member = BackendIdentity.Member(name, identity ?? BackendIdentity(type: ""))
        var named = said
        while !member.identity.wraps.isEmpty {
            if member.identity.type == "fallback" {
                // Lists in lists: the last word is that of the innermost one, wherever it stands.
                let wish = named ?? switches.last?.to
                named = nil
                if let wish, let found = Self.find(wish, in: member.identity) {
                    member = found
                    continue
                }
            }
            member = member.identity.wraps[0]
        }
        self.name = member.name
        // Journals of earlier versions do not tell who a backend was.
        type = member.identity.type.isEmpty ? nil : member.identity.type
        version = member.identity.version
        configHash = member.identity.configHash
        runsHere = version == nil && type != nil && !member.identity.isElsewhere
    }

    private static func find(_ name: BackendName, in identity: BackendIdentity) -> BackendIdentity.Member? {
        for member in identity.wraps {
            if member.name == name { return member }
            if let found = find(name, in: member.identity) { return found }
        }
        return nil
    }
}
