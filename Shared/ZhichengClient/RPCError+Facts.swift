public import Messages
public import RPC

extension RPCError {
    /// The service that was called; nil for methods that every service has (health, the development clock).
    public var service: ServiceName? { method.flatMap(ServiceName.init(method:)) }

    /// The fields that were not accepted, each with the reason in Chinese; empty when the error is about none.
    public var fieldViolations: [Common.FieldViolation] {
        details.flatMap { detail in
            let faults = try? detail.decode(as: Common.FieldViolations.self)
            return faults?.violations ?? []
        }
    }

    /// What a refusal for lack of a vacancy says about the year's 岗位核准信息.
    public var vacancy: Common.VacancyFacts? { fact() }

    /// Who has claimed the task that somebody else wanted to decide.
    public var claimHolder: Common.ClaimHolder? { fact() }

    /// The version that the data have by now, when the call was about an older one.
    public var currentVersion: Int64? { fact(Common.VersionFacts.self)?.currentVersion }

    /// The first detail of a type; one that cannot be read counts as absent, as one of a later version would.
    private func fact<Fact: Message>(_: Fact.Type = Fact.self) -> Fact? {
        details.lazy.compactMap { try? $0.decode(as: Fact.self) }.first
    }
}

extension ServiceName {
    /// The service of a method's full name, "quota.v1.Quota/ListRecords"; nil when it belongs to no single one.
    init?(method: String) {
        switch method.prefix(while: { $0 != "." }) {
        case "identity": self = .identity
        case "archive": self = .archive
        case "declaration": self = .declaration
        case "quota": self = .quota
        case "tasks": self = .tasks
        default: return nil
        }
    }
}
