import ZhichengClient

// 七(二)、岗位核准信息

extension Day {
    /// 福州市第一中学 has one vacancy of 中级; the school has no limits.
    func confirmRecords(_ yizhong: Office, _ school: Office) async throws {
        stage.chapter("七、管理设置: 岗位核准信息（事业单位）")
        let quota = yizhong.client.quota
        try await stage.faults("新增岗位核准信息", ["核准年度", "副高级职称", "中级职称", "初级职称"]) {
            _ = try await quota.saveRecord(
                Quota.SaveRecordRequest(
                    year: 22,
                    vacancies: [
                        Quota.Vacancies(level: .seniorFull, count: 0),
                        Quota.Vacancies(level: .intermediate, count: -1),
                        Quota.Vacancies(level: .junior, unlimited: true, count: 3),
                    ]))
        }
        let draft = try await quota.saveRecord(
            Quota.SaveRecordRequest(
                year: Cast.year, vacancies: Quota.Vacancies.levels(0, 2, 1, nil)))
        try await stage.faults("没有附件的岗位核准信息", ["相关附件"]) {
            _ = try await quota.submitRecord(
                Quota.SubmitRecordRequest(id: draft.id, expectedVersion: draft.version))
        }
        _ = try await quota.uploadApprovalForm(
            Quota.UploadApprovalFormRequest(
                recordID: draft.id, file: CastItems.pdf(named: "岗位核准表.pdf")))
        let filled = try await quota.getRecord(Quota.GetRecordRequest(id: draft.id))
        let confirmed = try await quota.submitRecord(
            Quota.SubmitRecordRequest(id: filled.id, expectedVersion: filled.version))
        _ = try await stage.refuses("提交后不可再更改", with: [.failedPrecondition]) {
            _ = try await quota.saveRecord(
                Quota.SaveRecordRequest(
                    id: confirmed.id, expectedVersion: confirmed.version, year: Cast.year,
                    vacancies: Quota.Vacancies.levels(9, 9, 9, 9)))
        }
        _ = try await school.client.confirmRecord(
            year: Cast.year, Quota.Vacancies.levels(nil, nil, nil, nil))
        for (office, name) in [(yizhong, Cast.yizhong.name), (school, Cast.school.name)] {
            let records = try await office.client.quota.listRecords(Quota.ListRecordsRequest())
            stage.screen("7-3", "岗位核准信息 \(name)", Table(records: records.records))
            try stage.hold(
                records.total == 1 && records.records.first?.state == .confirmed
                    && records.records.first?.recommended == 0, "\(name)的记录已确认")
        }
        try stage.hold(confirmed.vacancy(.intermediate) == "1", "\(Cast.yizhong.name)中级空缺数为 1")
    }
}
