// A report as text for a terminal.
#ifndef KEYWALK_SIM_REPORT_TERMINAL_TABLE_H_
#define KEYWALK_SIM_REPORT_TERMINAL_TABLE_H_

#include <cstddef>
#include <string>

#include "sim/report/estimate.h"
#include "sim/report/metric.h"
#include "sim/report/report.h"

namespace keywalk::sim {

// "99.87 ±0.03 %": as many decimals as the interval makes sense of.
std::string FormatEstimate(const Estimate& estimate, Unit unit);

// The figures as rows, the policies as columns, then each policy's keys. Figures that no policy
// has, and errors that none made, are left out. Columns that exceed `width` go into a table below.
std::string FormatTable(const Report& report, std::size_t width = 120);

}  // namespace keywalk::sim

#endif  // KEYWALK_SIM_REPORT_TERMINAL_TABLE_H_
