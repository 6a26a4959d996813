extension WorkflowContext {
    /// What few runs have.
    struct Rare: Sendable {
        var iterations = Iterations()
        var sharedInput: SharedInput?
        var identities: [BackendName: BackendIdentity] = [:]
        var error: NodeFailure?
        var cancelRequestedAt: Timestamp?
        var cancelReason: String?
        var movedTo: BackendName?
    }

    /// What is there of that, or room for it.
    private var own: Rare {
        get { rare.isEmpty ? Rare() : rare[0] }
        _modify {
            if rare.isEmpty { rare.append(Rare()) }
            yield &rare[0]
        }
    }

    /// Why the run failed or was cancelled.
    public internal(set) var error: NodeFailure? {
        get { rare.isEmpty ? nil : rare[0].error }
        set { own.error = newValue }
    }

    /// When somebody asked for the run to end.
    public internal(set) var cancelRequestedAt: Timestamp? {
        get { rare.isEmpty ? nil : rare[0].cancelRequestedAt }
        set { own.cancelRequestedAt = newValue }
    }

    /// Why it shall end, as whoever asked said it.
    public internal(set) var cancelReason: String? {
        get { rare.isEmpty ? nil : rare[0].cancelReason }
        set { own.cancelReason = newValue }
    }

    /// The backend that the run was moved to last.
    var movedTo: BackendName? {
        get { rare.isEmpty ? nil : rare[0].movedTo }
        set { own.movedTo = newValue }
    }

    /// Who the backends are that nodes went to, but for those that are part of the server.
    public internal(set) var identities: [BackendName: BackendIdentity] {
        get { rare.isEmpty ? [:] : rare[0].identities }
        set { own.identities = newValue }
    }

    /// The iterations that have begun.
    var iterations: Iterations {
        get { rare.isEmpty ? Iterations() : rare[0].iterations }
        _modify { yield &own.iterations }
    }

    /// The last input that was made of several outputs: what it was made of has ended and changes no more.
    var sharedInput: SharedInput? {
        get { rare.isEmpty ? nil : rare[0].sharedInput }
        set { own.sharedInput = newValue }
    }
}
