import Domain
import Messages
import RPC
import ServiceRuntime
import ServiceStubs
import Storage

// What-if of the unit's vacancies (Q4), and the live 已推荐 (Q3) inside the review.

extension DeclarationHandler {
    /// How long quota-service may take: the detail is answered without it then.
    private static let patience = Duration.seconds(1)

    /// What an approval with 占用 leaves; nil where the question does not arise: to others than the officers of a
    /// public institution, and once the unit has decided. The unit's pending declarations are known here and the
    /// ledger there, so one call brings them together.
    func outlook(
        of id: String, for viewer: Viewer
    ) async throws(RPCError) -> Declaration.VacancyOutlook? {
        guard case .officer(let officer) = viewer, officer.unit.quotaRequired else { return nil }
        let found = try database.fetch { rows -> (StoredDeclaration, Common.QuotaLevel, Int64)? in
            guard let declaration = try DeclarationStore.declaration(id, for: viewer, rows),
                declaration.phase.waitsForUnit, let level = declaration.quotaLevel
            else { return nil }
            let others = try DeclarationStore.mayOccupy(
                unit: officer.unit.id, year: declaration.plan.year, besides: id, rows)
            return (declaration, level, Int64(others.count { $0 == level }))
        }
        guard let (declaration, level, pending) = found else { return nil }
        var options = CallOptions()
        options.timeout = Self.patience
        do throws(RPCError) {
            let vacancies = try await quota.getVacancies(
                Quota.GetVacanciesRequest(year: declaration.plan.year, unitID: officer.unit.id),
                options: options)
            return Declaration.VacancyOutlook(
                vacancies, level, holds: declaration.reservation != nil, pending: pending)
        } catch {
            return Declaration.VacancyOutlook(pending: pending, unavailable: true)
        }
    }
}

extension Declaration.VacancyOutlook {
    /// - Parameters:
    ///   - holds: this declaration's vacancy is among those taken.
    ///   - pending: others that may still take one.
    init(
        _ vacancies: Quota.GetVacanciesReply, _ level: Common.QuotaLevel, holds: Bool,
        pending: Int64
    ) {
        let found = vacancies.levels.first { $0.level == level }
        let now = found ?? Quota.LevelVacancies(level: level)
        let afterThis = now.approved - now.reserved - now.consumed - (holds ? 0 : 1)
        self.init(
            facts: Common.VacancyFacts(
                year: vacancies.year, level: level, unlimited: now.unlimited,
                approved: now.approved, recommended: now.reserved + now.consumed,
                noRecord: found == nil),
            holds: holds, pending: pending, afterThis: now.unlimited ? 0 : afterThis,
            afterAll: now.unlimited ? 0 : afterThis - pending)
    }
}

extension StoredDeclaration {
    /// Of which level it would take a vacancy; nil while the applicant has chosen none.
    var quotaLevel: Common.QuotaLevel? { TitleLevel(rawValue: application.level)?.quota }
}
