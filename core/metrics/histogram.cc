// SPDX-License-Identifier: Apache-2.0
#include "core/metrics/histogram.h"

#include <algorithm>
#include <numeric>

namespace mq::core {
namespace {

template <class Scale>
constexpr auto exported_bounds = [] {
  std::array<double, Scale::exported.size()> all{};
  for (std::size_t i = 0; i < all.size(); i++)
    all[i] = static_cast<double>(Scale::exported[i]) / Scale::exported_unit;
  return all;
}();

template <class Scale>
constexpr bool exports_its_own_bounds = std::ranges::includes(Scale::bounds, Scale::exported);
static_assert(exports_its_own_bounds<DurationScale> && exports_its_own_bounds<SizeScale>);

}  // namespace

template <class Scale>
std::uint64_t HistogramCounts<Scale>::count() const {
  return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
}

template <class Scale>
std::optional<typename Scale::Value> HistogramCounts<Scale>::quantile(double q) const {
  const std::uint64_t all = count();
  if (all == 0) return std::nullopt;
  const double rank = std::clamp(q, 0.0, 1.0) * static_cast<double>(all);
  double before = 0, from = 0, to = 0;
  for (std::size_t i = 0; i < counts.size(); i++) {
    if (counts[i] == 0) continue;
    const double here = static_cast<double>(counts[i]);
    from = i == 0 ? 0 : static_cast<double>(Scale::bounds[i - 1]);
    to = static_cast<double>(i < Scale::bounds.size() ? Scale::bounds[i] : Scale::end);
    if (before + here >= rank) return Scale::value(from + (to - from) * ((rank - before) / here));
    before += here;
  }
  return Scale::value(to);
}

template <class Scale>
Buckets HistogramCounts<Scale>::buckets() const {
  Buckets result;
  result.bounds = exported_bounds<Scale>;
  for (std::size_t i = 0; i < Scale::bounds.size(); i++) {
    result.count += counts[i];
    if (result.up_to.size() < Scale::exported.size() &&
        Scale::bounds[i] == Scale::exported[result.up_to.size()])
      result.up_to.push_back(result.count);
  }
  result.count += counts.back();
  result.sum = static_cast<double>(sum) / Scale::exported_unit;
  return result;
}

template <class Scale>
HistogramCounts<Scale> HistogramCounts<Scale>::operator-(const HistogramCounts& earlier) const {
  HistogramCounts difference;
  for (std::size_t i = 0; i < counts.size(); i++) difference.counts[i] = counts[i] - earlier.counts[i];
  difference.sum = sum - earlier.sum;
  return difference;
}

template struct HistogramCounts<DurationScale>;
template struct HistogramCounts<SizeScale>;

}  // namespace mq::core
