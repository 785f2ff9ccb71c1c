// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/exceptions.h>
#include <lsr/base/types.h>
#include <lsr/refine/data_set.h>
#include <lsr/refine/residual.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <random>

namespace lsr
{
  namespace
  {
    /**
     * Whole groups in random order, dealt out to the fold with the fewest
     * points. The order does not depend on the library that shuffles.
     */
    std::vector<std::vector<std::size_t>>
    deal_out(const DataSet &data, const unsigned int n_folds)
    {
      std::map<std::int64_t, std::vector<std::size_t>> groups;
      for (std::size_t i = 0; i < data.n_points(); ++i)
        groups[data.group.empty() ? std::int64_t(i) : data.group[i]].push_back(
          i);
      require(groups.size() >= n_folds,
              "cross-validation with " + std::to_string(n_folds) +
                " folds: at least as many groups of points expected, found " +
                std::to_string(groups.size()));

      std::mt19937_64                                     generator(0);
      std::vector<std::pair<std::uint64_t, std::int64_t>> order;
      for (const auto &entry : groups)
        order.emplace_back(generator(), entry.first);
      std::sort(order.begin(), order.end());

      std::vector<std::vector<std::size_t>> folds(n_folds);
      for (const auto &[key, name] : order)
        {
          auto        smallest = std::min_element(folds.begin(),
                                           folds.end(),
                                           [](const auto &a, const auto &b) {
                                             return a.size() < b.size();
                                           });
          const auto &group    = groups[name];
          smallest->insert(smallest->end(), group.begin(), group.end());
        }
      return folds;
    }



    template <typename T>
    std::vector<T>
    pick(const std::vector<T> &values, const std::vector<std::size_t> &indices)
    {
      std::vector<T> picked;
      if (!values.empty())
        for (const std::size_t i : indices)
          picked.push_back(values[i]);
      return picked;
    }
  } // namespace



  DataSet
  DataSet::select(const std::vector<std::size_t> &indices) const
  {
    const unsigned int d = points.extent(0), k = n_outputs();
    const HostBlock    from_points  = to_host(points);
    const HostColumn   from_targets = to_host(targets);
    const HostBlock    to_points  = to_host(make_zero_block(d, indices.size()));
    const HostColumn   to_targets = to_host(make_column(k * indices.size()));
    for (std::size_t i = 0; i < indices.size(); ++i)
      {
        std::copy_n(&from_points(0, indices[i]), d, &to_points(0, i));
        std::copy_n(from_targets.data() + k * indices[i],
                    k,
                    to_targets.data() + k * i);
      }
    return {to_memory_space(to_points),
            to_memory_space(to_targets),
            pick(part, indices),
            pick(group, indices)};
  }



  DataSet
  DataSet::select(const Part wanted) const
  {
    std::vector<std::size_t> indices;
    for (std::size_t i = 0; i < n_points(); ++i)
      if ((part.empty() ? int(fit) : part[i]) == wanted)
        indices.push_back(i);
    return select(indices);
  }



  DataStream::DataStream(const DataSet     &data,
                         const unsigned int n_folds,
                         const std::size_t  block_size)
    : data(data)
    , block_size(block_size)
    , folds(1)
  {
    require(n_folds > 0 && block_size > 0,
            "a data stream of " + std::to_string(n_folds) +
              " folds in blocks of " + std::to_string(block_size) +
              " points: at least one of each expected");
    if (n_folds > 1)
      folds = deal_out(data, n_folds);
  }



  unsigned int
  DataStream::n_folds() const
  {
    return folds.size();
  }



  std::size_t
  DataStream::n_values() const
  {
    return data.targets.size();
  }



  void
  DataStream::for_each_block(
    const std::function<void(const RowBlock &)> &visit) const
  {
    const auto visit_block =
      [&](const Block &points, const Column &targets, const unsigned int fold) {
        DataMisfit residual(targets);
        visit({points, residual, fold});
      };

    for (unsigned int fold = 0; fold < folds.size(); ++fold)
      {
        const auto       &members = folds[fold];
        const std::size_t n =
          folds.size() == 1 ? data.n_points() : members.size();
        for (std::size_t first = 0; first < n; first += block_size)
          {
            const std::size_t last = std::min(first + block_size, n);
            if (folds.size() == 1)
              {
                const std::size_t k = data.n_outputs();
                visit_block(columns(data.points, first, last),
                            Kokkos::subview(data.targets,
                                            Kokkos::make_pair(k * first,
                                                              k * last)),
                            fold);
                continue;
              }
            const DataSet block =
              data.select({members.begin() + first, members.begin() + last});
            visit_block(block.points, block.targets, fold);
          }
      }
  }
} // namespace lsr
