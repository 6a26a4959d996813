import FlowCore
import FoundationEssentials
import Yams

/// A text of YAML from a file, which is not trusted to be small when it is written out.
struct YAMLText {
    /// So many values a file may stand for whose aliases are written out.
    static let maximumValues = 100_000
    /// How deep they may nest.
    static let maximumDepth = 1000

    let text: String

    /// Reads a file.
    ///
    /// - Throws: ``UsageError`` when it is not UTF-8; what keeps it from being read.
    init(path: String) throws { try self.init(try Data(contentsOf: URL(filePath: path))) }

    /// - Throws: ``UsageError`` when it is not UTF-8.
    init(_ bytes: some Sequence<UInt8>) throws {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw UsageError(description: "the file is not UTF-8")
        }
        self.text = text
    }

    /// The document; `nil` when there is none.
    ///
    /// - Throws: ``UsageError``, which tells places, and nothing of the text, where secrets may stand.
    func compose() throws -> Yams.Node? {
        let hasAliases = hasAliases
        // Keys are compared when they are composed, with all that they stand for.
        if hasAliases, hasKeysOfMoreThanText {
            throw UsageError(
                description: "not acceptable YAML: in a file with aliases a key is a text, neither an alias nor a list")
        }
        do {
            guard let root = try Yams.compose(yaml: text) else { return nil }
            var left = Self.maximumValues
            if hasAliases { try Self.measure(root, depth: 0, &left) }
            return root
        } catch let error as YamlError {
            throw UsageError(description: "not acceptable YAML: \(Self.text(error))")
        }
    }

    private static func measure(_ node: Yams.Node, depth: Int, _ left: inout Int) throws {
        left -= 1
        guard left >= 0, depth < maximumDepth else {
            throw UsageError(
                description:
                    "not acceptable YAML: with its aliases written out it has more than \(maximumValues) values, "
                    + "or nests deeper than \(maximumDepth)")
        }
        switch node {
        case .mapping(let mapping): for (_, value) in mapping { try measure(value, depth: depth + 1, &left) }
        case .sequence(let sequence): for value in sequence { try measure(value, depth: depth + 1, &left) }
        case .scalar, .alias: break
        }
    }

    /// Whether it may have an anchor and an alias of the same name. A text in it may look so as well.
    private var hasAliases: Bool {
        var anchors: Set<Substring> = []
        var aliases: Set<Substring> = []
        for mark in [Character("&"), "*"] {
            var rest = text[...]
            while let place = rest.firstIndex(of: mark) {
                rest = rest[rest.index(after: place)...]
                let name = rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber) || $0 == "_" || $0 == "-" }
                guard !name.isEmpty else { continue }
                if mark == "&" { anchors.insert(name) } else { aliases.insert(name) }
            }
        }
        return !anchors.isDisjoint(with: aliases)
    }

    /// Whether a mapping may have a key that is an alias, a list or a mapping.
    private var hasKeysOfMoreThanText: Bool {
        text.contains(/(?:^|\n)[ \t-]*\?\s|[\[{,]\s*\?\s|\*[0-9A-Za-z_-]+\s*:|[\]}]\s*:/)
    }

    private static func text(_ error: YamlError) -> String {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            "line \(mark.line), column \(mark.column): \(problem)"
        case .reader(let problem, _, _, _): problem
        case .duplicatedKeysInMapping(let keys, let context):
            "line \(context.mark.line): the key \"\(URLCredentials.hidden(in: keys.first ?? ""))\" occurs twice"
        case .no, .memory, .writer, .emitter, .representer, .dataCouldNotBeDecoded: "it cannot be read"
        }
    }
}
