import FlowCore
import FlowJSON

/// What a registration says of a backend of type `langchain`.
struct LangChainConfiguration: Sendable {
    /// The interpreter, as a path or a name that is looked up.
    var python = "python3"
    /// How many processes share the work.
    var workers = 2
    var allow = AllowList(patterns: [])
    /// Where user code is imported from besides the interpreter's own places.
    var pythonPath: [String] = []
    /// Variables of the processes.
    var environment: [(name: String, value: EnvironmentValue)] = []
    /// How long an attempt may take whose node gives it no less time.
    var timeout: Duration?
    var maxParallel: Int?
    var maxMemoryMegabytes = 2048
    /// How long code may keep the loop of its process from turning.
    var hangTimeout: Duration = .seconds(30)
    /// Whether nodes that belong together run as one chain.
    var chains = true

    /// Where a variable's value comes from.
    enum EnvironmentValue: Sendable {
        case text(String)
        case secret(SecretName)
    }

    private static let sensitive = ["key", "token", "secret", "password", "credential"]

    /// Reads a configuration.
    ///
    /// - Throws: ``ValidationError`` with everything that is wrong.
    init(_ config: JSONObject) throws(ValidationError) {
        var fields = FieldReader(config, at: [])
        if let text = fields.text("python", maximum: 4096) {
            let name = text.split(separator: "/").last ?? ""
            // No guard against those who may register backends, but against slips.
            if text.contains("\0") || text.hasSuffix("/") || !["python", "pypy"].contains(where: name.hasPrefix) {
                fields.refuse("python", "expected the path or name of a Python interpreter")
            } else {
                python = text
            }
        }
        if let count = fields.integer("workers", in: 1...64) { workers = count }
        if let patterns = fields.texts("allow") {
            for (index, pattern) in patterns.enumerated() where !AllowList.isPattern(pattern) {
                fields.add(
                    ValidationIssue(
                        fields.pointer("allow").appending(index),
                        "expected a pattern such as \"langchain_core.*\" or \"my_company.chains:*\""))
            }
            allow = AllowList(patterns: patterns)
        }
        if let paths = fields.texts("python_path") {
            for (index, path) in paths.enumerated() where !path.hasPrefix("/") || path.contains("\0") {
                fields.add(
                    ValidationIssue(fields.pointer("python_path").appending(index), "expected an absolute path"))
            }
            pythonPath = paths
        }
        if let object = fields.object("environment") { environment = Self.environment(object, &fields) }
        timeout = fields.duration("timeout")
        maxParallel = fields.integer("max_parallel", in: 1...100_000)
        if let size = fields.integer("max_memory_mb", in: 256...1_048_576) { maxMemoryMegabytes = size }
        if let time = fields.duration("hang_timeout") {
            if time < .seconds(1) { fields.refuse("hang_timeout", "expected at least 1s") }
            hangTimeout = time
        }
        if let flag = fields.bool("chains") { chains = flag }
        let issues = fields.finish()
        guard issues.isEmpty else { throw ValidationError(issues) }
    }

    private static func environment(
        _ object: JSONObject, _ outer: inout FieldReader
    ) -> [(name: String, value: EnvironmentValue)] {
        var variables: [(name: String, value: EnvironmentValue)] = []
        for member in object.members {
            let place = outer.pointer("environment").appending(member.name)
            func refuse(_ detail: String) { outer.add(ValidationIssue(place, detail)) }
            let isName = member.name.utf8.allSatisfy { byte in
                byte == UInt8(ascii: "_") || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
                    || UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte || UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte
            }
            guard isName, !member.name.isEmpty, member.name.utf8.count <= 128 else {
                refuse("not the name of a variable")
                continue
            }
            let name = member.name.lowercased()
            if let text = member.value.string {
                if sensitive.contains(where: { name.contains($0) }) {
                    // Whoever reads the registration would read the value.
                    refuse("what authenticates has to be a secret: {\"secret\": NAME}")
                } else if text.contains("\0") {
                    refuse("a variable holds no NUL")
                } else {
                    variables.append((member.name, .text(text)))
                }
            } else if let reference = member.value.object {
                var fields = FieldReader(reference, at: place)
                fields.require("secret")
                let secret = fields.value("secret", expected: "the name of a secret") {
                    $0.string.flatMap(SecretName.init(checking:))
                }
                outer.add(fields.finish())
                if let secret { variables.append((member.name, .secret(secret))) }
            } else {
                refuse("expected a string or {\"secret\": NAME}, found \(FieldReader.excerpt(member.value))")
            }
        }
        return variables
    }

    /// The variables with their values.
    ///
    /// - Throws: ``ValidationError`` when a secret is not there.
    func resolved(_ secrets: any SecretSource) throws(ValidationError) -> [String: String] {
        var issues: [ValidationIssue] = []
        var found: [String: String] = [:]
        for variable in environment {
            switch variable.value {
            case .text(let text): found[variable.name] = text
            case .secret(let name):
                if let value = secrets.secret(name.rawValue) {
                    found[variable.name] = value
                } else {
                    issues.append(
                        ValidationIssue(
                            ["environment", .name(variable.name), "secret"], "there is no secret \"\(name)\""))
                }
            }
        }
        guard issues.isEmpty else { throw ValidationError(issues) }
        return found
    }
}
