// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/exceptions.h>
#include <lsr/refine/refined_network.h>

#include <iomanip>
#include <limits>
#include <sstream>

namespace lsr
{
  namespace
  {
    const std::string file_name = "lsr_correction";
    const std::string signature = "lsr-correction-1";

    void
    write_values(std::ostream &out, const std::vector<double> &values)
    {
      out << values.size();
      for (const double value : values)
        out << ' ' << value;
      out << '\n';
    }

    std::vector<double>
    read_values(std::istream &in)
    {
      // Value by value: the number may be damaged.
      std::size_t n = 0;
      in >> n;
      std::vector<double> values;
      double              value;
      while (values.size() < n && in >> value)
        values.push_back(value);
      return values;
    }
  } // namespace



  void
  RefinedNetwork::save(
    const std::string                        &path,
    const std::map<std::string, std::string> &extra_files) const
  {
    const auto host =
      Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), correction);

    std::ostringstream out;
    out << std::setprecision(std::numeric_limits<double>::max_digits10)
        << signature << '\n';
    const Network::Scaling &scaling = network.scaling();
    for (const auto *values : {&scaling.input_shift,
                               &scaling.input_scale,
                               &scaling.output_shift,
                               &scaling.output_scale})
      write_values(out, *values);
    write_values(out,
                 std::vector<double>(host.data(), host.data() + host.size()));
    std::map<std::string, std::string> files = extra_files;
    files[file_name]                         = out.str();
    network.save(path, files);
  }



  RefinedNetwork
  RefinedNetwork::load(const std::string &path,
                       const unsigned int n_inputs,
                       const unsigned int n_outputs)
  {
    const std::string text = Network::load_extra_file(path, file_name);
    require(!text.empty(),
            path + ": a network without a correction, expected a refined one");

    std::istringstream in(text);
    std::string        found_signature;
    in >> found_signature;
    require(found_signature == signature,
            path + ": the correction begins with '" + found_signature +
              "', expected '" + signature + "'");
    Network::Scaling scaling;
    for (auto *values : {&scaling.input_shift,
                         &scaling.input_scale,
                         &scaling.output_shift,
                         &scaling.output_scale})
      *values = read_values(in);
    const std::vector<double> values = read_values(in);
    require(!in.fail(), path + ": the correction is damaged");

    RefinedNetwork refined{Network::load(path, n_inputs, n_outputs, scaling),
                           make_column(values.size())};
    require(values.empty() || values.size() == refined.network.n_parameters(),
            path + ": the correction has " + std::to_string(values.size()) +
              " entries, the network " +
              std::to_string(refined.network.n_parameters()) + " parameters");
    Kokkos::deep_copy(
      refined.correction,
      Kokkos::View<const double *, Kokkos::HostSpace, Kokkos::MemoryUnmanaged>(
        values.data(), values.size()));
    return refined;
  }
} // namespace lsr
