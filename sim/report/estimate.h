// A figure's mean over seeds, and how sure it is.
#ifndef KEYWALK_SIM_REPORT_ESTIMATE_H_
#define KEYWALK_SIM_REPORT_ESTIMATE_H_

#include <cstddef>
#include <optional>
#include <span>

namespace keywalk::sim {

// A plain value.
struct Estimate {
  std::size_t seeds = 0;
  double mean = 0;
  // Half of the 95 % confidence interval by Student's t distribution; nullopt for one seed, which
  // tells nothing of the others.
  std::optional<double> margin;

  double low() const { return mean - margin.value_or(0); }
  double high() const { return mean + margin.value_or(0); }
};

// nullopt without a value. The values are taken in the order given.
std::optional<Estimate> EstimateMean(std::span<const double> values);

}  // namespace keywalk::sim

#endif  // KEYWALK_SIM_REPORT_ESTIMATE_H_
