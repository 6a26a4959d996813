public import FlowCore
public import FlowJSON

/// The nodes that a backend is tried with. It may know only node types of its own, so it, or whoever judges it, has to say
/// which of them do what; cases whose sample is missing are skipped.
public struct Samples: Hashable, Sendable {
    /// What a sample is good for.
    public enum Role: String, Hashable, Sendable, CaseIterable {
        /// Succeeds, and always gives the same output for the same input.
        case succeeds
        /// Fails by its own fault, always.
        case fails
        /// Gives its input as its output, whatever that is.
        case echoes
        /// Goes on for a minute or longer unless it is stopped.
        case waits
        /// Hands out parts of its result.
        case streams
        /// Asks a person.
        case interrupts
        /// Calls the URL that stands for `{url}` once, waits for the answer, and fails when its status is 500.
        case calls

        /// What to do when there is none.
        var advice: String {
            let meaning =
                switch self {
                case .succeeds: "that succeeds, with its input and output"
                case .fails: "that fails"
                case .echoes: "whose output is its input"
                case .waits: "that goes on for a minute unless it is stopped"
                case .streams: "that hands out parts of its result, with its chunks and output"
                case .interrupts: "that asks a person"
                case .calls: "that calls the URL written as {url} and waits for the answer"
                }
            return "there is no sample \"\(rawValue)\": name a node \(meaning) under \"samples\" in the backend's "
                + "description, or hand it to the suite"
        }
    }

    private var samples: [Role: Sample]

    /// Makes samples.
    public init(_ samples: [Role: Sample] = [:]) { self.samples = samples }

    /// The sample for a role.
    public subscript(role: Role) -> Sample? {
        get { samples[role] }
        set { samples[role] = newValue }
    }

    /// Whether there is no sample.
    public var isEmpty: Bool { samples.isEmpty }

    /// These samples, and of the others those for roles that have none here.
    func merging(_ others: Samples) -> Samples { Samples(samples.merging(others.samples) { own, _ in own }) }

    /// Reads samples: `{"succeeds": {"type": "shout", "input": {…}, "output": {…}}, …}`.
    ///
    /// - Throws: `ValidationError` with everything that is wrong.
    public init(decoding object: JSONObject, at place: JSONPointer = []) throws(ValidationError) {
        var fields = FieldReader(object, at: place)
        var samples: [Role: Sample] = [:]
        for role in Role.allCases {
            guard let object = fields.object(role.rawValue) else { continue }
            var inner = FieldReader(object, at: place.appending(role.rawValue))
            inner.require("type")
            let type = inner.text("type", maximum: 128)
            let config = inner.object("config") ?? JSONObject()
            let input = inner.value("input") ?? .object(JSONObject())
            let output = inner.value("output")
            let chunks = inner.array("chunks")
            fields.add(inner.finish())
            guard let type else { continue }
            samples[role] = Sample(type: type, config: config, input: input, output: output, chunks: chunks)
        }
        let issues = fields.finish()
        guard issues.isEmpty else { throw ValidationError(issues) }
        self.samples = samples
    }
}

extension Samples {
    /// Samples of the node types that are part of the product, for a backend that takes them.
    static let builtIn = Samples([
        .succeeds: Sample(
            type: "set", config: ["value": ["greeting": "hello", "numbers": [1, 2, 3]]],
            output: ["greeting": "hello", "numbers": [1, 2, 3]]),
        .fails: Sample(type: "fail", config: ["code": "out_of_stock", "message": "nothing is left"]),
        .echoes: Sample(type: "passthrough"),
        .waits: Sample(type: "delay", config: ["duration": "10m"]),
        .calls: Sample(type: "http", config: ["method": "POST", "url": "{url}"]),
    ])

    /// Those of the product's samples whose type a backend has.
    static func builtIn(of types: [String]) -> Samples {
        Samples(builtIn.samples.filter { types.contains($0.value.type) })
    }
}
