// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "network/pickle.h"

#include <lsr/base/exceptions.h>

#include <cstring>
#include <map>
#include <regex>

namespace lsr
{
  namespace
  {
    using Kind = PickleValue::Kind;

    /// More values than any checkpoint has.
    constexpr std::size_t max_n_values = 5000000;

    const PickleValue nothing;



    /// Functions that no checkpoint of an honest author calls.
    bool
    is_dangerous(const std::string &function)
    {
      static const std::regex pattern(
        "(os|posix|nt|subprocess|sys|pty|socket|shutil|ctypes|importlib|runpy|"
        "webbrowser|commands|popen2|multiprocessing|threading|code|pdb|pip|"
        "urllib|requests|http|ftplib|smtplib)\\..*|"
        "(builtins|__builtin__)\\.(eval|exec|execfile|compile|open|getattr|"
        "setattr|__import__|apply|input|breakpoint)");
      // Long names are too much for regular expressions, and name nothing.
      return function.size() < 200 && std::regex_match(function, pattern);
    }
  } // namespace



  const std::string &
  PickleValue::function() const
  {
    return kind == Kind::call && items[0]->kind == Kind::name ? items[0]->text :
                                                                nothing.text;
  }



  const PickleValue &
  PickleValue::operator[](const std::size_t i) const
  {
    const auto &list = kind == Kind::call ? items[1]->items : items;
    return i < list.size() ? *list[i] : nothing;
  }



  std::size_t
  PickleValue::size() const
  {
    return kind == Kind::call ? items[1]->items.size() : items.size();
  }



  class Pickle::Reader
  {
  public:
    Reader(std::deque<PickleValue> &values,
           const std::string       &bytes,
           const std::string       &name,
           const std::size_t        begin)
      : values(values)
      , bytes(bytes)
      , name(name)
      , position(begin)
    {}

    const PickleValue *
    run()
    {
      while (const char operation = take(1)[0])
        {
          if (operation == '.')
            return pop();
          execute(operation);
        }
      fail("it is no pickle");
    }

    std::size_t
    position_now() const
    {
      return position;
    }

  private:
    [[noreturn]] void
    fail(const std::string &reason) const
    {
      throw Error(name + ": the Python pickle inside is damaged: " + reason +
                  " at byte " + std::to_string(position));
    }

    const char *
    take(const std::size_t n)
    {
      if (n > bytes.size() - position)
        fail("it ends");
      const char *data = bytes.data() + position;
      position += n;
      return data;
    }

    template <typename Number>
    Number
    number()
    {
      Number result;
      std::memcpy(&result, take(sizeof(Number)), sizeof(Number));
      return result;
    }

    std::string
    line()
    {
      const std::size_t end = bytes.find('\n', position);
      if (end == std::string::npos)
        fail("it ends");
      std::string result = bytes.substr(position, end - position);
      position           = end + 1;
      return result;
    }

    std::int64_t
    decimal(const std::string &text)
    {
      static const std::regex pattern("[+-]?[0-9]{1,18}L?");
      if (!std::regex_match(text, pattern))
        fail("'" + text + "' is no number");
      return std::stoll(text);
    }

    PickleValue &
    push(const Kind kind)
    {
      if (values.size() >= max_n_values)
        fail("it has too many values");
      values.emplace_back();
      values.back().kind = kind;
      stack.push_back(&values.back());
      return values.back();
    }

    void
    push_text(const Kind kind, const std::string &text)
    {
      push(kind).text = text;
    }

    void
    push_text(const std::size_t n)
    {
      const char *data = take(n);
      push_text(Kind::text, std::string(data, n));
    }

    void
    push_integer(const Kind kind, const std::int64_t value)
    {
      push(kind).integer = value;
    }

    /// Little endian, in two's complement.
    void
    push_long(const std::size_t n)
    {
      const char   *data  = take(n);
      std::uint64_t value = n > 0 && data[n - 1] < 0 ? -1 : 0;
      for (std::size_t i = std::min<std::size_t>(n, 8); i-- > 0;)
        value = (value << 8) | static_cast<unsigned char>(data[i]);
      push_integer(Kind::integer, value);
    }

    PickleValue *
    pop()
    {
      if (stack.empty() || (!marks.empty() && marks.back() == stack.size()))
        fail("a value is missing");
      PickleValue *value = stack.back();
      stack.pop_back();
      return value;
    }

    PickleValue &
    top()
    {
      PickleValue *value = pop();
      stack.push_back(value);
      return *value;
    }

    /// The values behind the last mark.
    std::vector<const PickleValue *>
    pop_to_mark()
    {
      if (marks.empty())
        fail("a mark is missing");
      const auto begin = stack.begin() + marks.back();
      const std::vector<const PickleValue *> result(begin, stack.end());
      stack.erase(begin, stack.end());
      marks.pop_back();
      return result;
    }

    std::vector<const PickleValue *>
    pop_some(const std::size_t n)
    {
      std::vector<const PickleValue *> result(n);
      for (std::size_t i = n; i-- > 0;)
        result[i] = pop();
      return result;
    }

    void
    push_items(const Kind kind, const std::vector<const PickleValue *> &items)
    {
      push(kind).items = items;
    }

    /// Elements of a list, or keys and values of a dictionary. Objects that
    /// are none of both are not looked into.
    void
    extend(const Kind kind, const std::vector<const PickleValue *> &items)
    {
      if (kind == Kind::dictionary && items.size() % 2 != 0)
        fail("a key is without a value");
      PickleValue &target = top();
      if (target.kind == kind)
        target.items.insert(target.items.end(), items.begin(), items.end());
    }

    void
    call(const PickleValue *function, const PickleValue *arguments)
    {
      if (arguments->kind != Kind::sequence)
        {
          PickleValue &none = push(Kind::sequence);
          arguments         = &none;
          stack.pop_back();
        }
      const std::string &callee = function->text;
      if (function->kind == Kind::name && is_dangerous(callee))
        throw Error(
          name + ": the Python pickle inside would call " + callee + "(" +
          (arguments->size() > 0 && (*arguments)[0].kind == Kind::text ?
             "'" + (*arguments)[0].text.substr(0, 60) + "'" :
             "...") +
          ") when Python loads it. Nothing was executed here; do not "
          "load this file anywhere");
      if (function->kind == Kind::name &&
          (callee == "collections.OrderedDict" ||
           callee == "collections.defaultdict"))
        {
          PickleValue &dictionary = push(Kind::dictionary);
          // Python 2 hands over pairs.
          const PickleValue &pairs = (*arguments)[0];
          n_copied += pairs.size();
          if (n_copied >= max_n_values)
            fail("it has too many values");
          if (pairs.kind == Kind::sequence)
            for (const PickleValue *pair : pairs.items)
              if (pair->kind == Kind::sequence && pair->size() == 2)
                for (const PickleValue *item : pair->items)
                  dictionary.items.push_back(item);
          return;
        }
      push_items(Kind::call, {function, arguments});
    }

    void
    push_name(const std::string &module, const std::string &function)
    {
      push_text(Kind::name, module + "." + function);
    }

    void
    remember(const std::uint64_t key)
    {
      memory[key] = &top();
    }

    void
    recall(const std::uint64_t key)
    {
      const auto found = memory.find(key);
      if (found == memory.end())
        fail("a value is used that is not there");
      stack.push_back(found->second);
    }

    void
    execute(const char operation)
    {
      switch (operation)
        {
          case '\x80': // PROTO
            if (take(1)[0] > 5)
              fail("its protocol is newer than 5");
            break;
          case '\x95': // FRAME
            take(8);
            break;
          case '(':
            marks.push_back(stack.size());
            break;
          case '0': // POP
            if (!marks.empty() && marks.back() == stack.size())
              marks.pop_back();
            else
              pop();
            break;
          case '1': // POP_MARK
            pop_to_mark();
            break;
          case '2': // DUP
            stack.push_back(&top());
            break;

          case 'N':
            push(Kind::none);
            break;
          case '\x88':
          case '\x89':
            push_integer(Kind::boolean, operation == '\x88');
            break;
          case 'I': // INT, or a bool as "00" and "01"
            {
              const std::string text    = line();
              const bool        is_bool = text == "00" || text == "01";
              push_integer(is_bool ? Kind::boolean : Kind::integer,
                           decimal(text));
              break;
            }
          case 'L':
            push_integer(Kind::integer, decimal(line()));
            break;
          case 'J':
            push_integer(Kind::integer, number<std::int32_t>());
            break;
          case 'K':
            push_integer(Kind::integer, number<std::uint8_t>());
            break;
          case 'M':
            push_integer(Kind::integer, number<std::uint16_t>());
            break;
          case '\x8a':
            push_long(number<std::uint8_t>());
            break;
          case '\x8b':
            push_long(number<std::uint32_t>());
            break;
          case 'F':
            push(Kind::real).real = std::strtod(line().c_str(), nullptr);
            break;
          case 'G': // big endian
            {
              const char *data = take(8);
              char        reversed[8];
              for (int i = 0; i < 8; ++i)
                reversed[i] = data[7 - i];
              std::memcpy(&push(Kind::real).real, reversed, 8);
              break;
            }

          case 'S': // in quotes
            {
              const std::string text = line();
              push_text(Kind::text,
                        text.size() >= 2 ? text.substr(1, text.size() - 2) :
                                           text);
              break;
            }
          case 'V':
            push_text(Kind::text, line());
            break;
          case 'U':
          case 'C':
          case '\x8c':
            push_text(number<std::uint8_t>());
            break;
          case 'T':
          case 'B':
          case 'X':
            push_text(number<std::uint32_t>());
            break;
          case '\x8d':
          case '\x8e':
          case '\x96':
            push_text(number<std::uint64_t>());
            break;

          case ')':
          case ']':
          case '\x8f':
            push(Kind::sequence);
            break;
          case '}':
            push(Kind::dictionary);
            break;
          case 't':
          case 'l':
          case '\x91':
            push_items(Kind::sequence, pop_to_mark());
            break;
          case '\x85':
          case '\x86':
          case '\x87':
            push_items(Kind::sequence, pop_some(operation - '\x84'));
            break;
          case 'd':
            {
              const auto items = pop_to_mark();
              push(Kind::dictionary);
              extend(Kind::dictionary, items);
              break;
            }
          case 'a':
            extend(Kind::sequence, {pop()});
            break;
          case 'e':
          case '\x90':
            extend(Kind::sequence, pop_to_mark());
            break;
          case 's':
            extend(Kind::dictionary, pop_some(2));
            break;
          case 'u':
            extend(Kind::dictionary, pop_to_mark());
            break;

          case 'c':
            {
              const std::string module = line();
              push_name(module, line());
              break;
            }
          case '\x93':
            {
              const auto names = pop_some(2);
              push_name(names[0]->text, names[1]->text);
              break;
            }
          case 'R':
          case '\x81': // NEWOBJ
            {
              const auto parts = pop_some(2);
              call(parts[0], parts[1]);
              break;
            }
          case '\x92': // NEWOBJ_EX, with named arguments
            {
              const auto parts = pop_some(3);
              call(parts[0], parts[1]);
              break;
            }
          case 'i':
          case 'o':
            {
              if (operation == 'i')
                {
                  const std::string module = line();
                  const std::string text   = module + "." + line();
                  const auto        items  = pop_to_mark();
                  push_text(Kind::name, text);
                  push_items(Kind::sequence, items);
                }
              else
                {
                  auto items = pop_to_mark();
                  if (items.empty())
                    fail("a value is missing");
                  push(Kind::none);
                  *stack.back() = *items[0];
                  items.erase(items.begin());
                  push_items(Kind::sequence, items);
                }
              const auto parts = pop_some(2);
              call(parts[0], parts[1]);
              break;
            }
          case 'b': // BUILD: the state of an object is not looked into.
            pop();
            top();
            break;
          case 'P':
            {
              push_text(Kind::text, line());
              push_items(Kind::reference, {pop()});
              break;
            }
          case 'Q':
            push_items(Kind::reference, {pop()});
            break;

          case 'p':
            remember(decimal(line()));
            break;
          case 'q':
            remember(number<std::uint8_t>());
            break;
          case 'r':
            remember(number<std::uint32_t>());
            break;
          case '\x94':
            remember(memory.size());
            break;
          case 'g':
            recall(decimal(line()));
            break;
          case 'h':
            recall(number<std::uint8_t>());
            break;
          case 'j':
            recall(number<std::uint32_t>());
            break;

          default:
            fail("unknown operation " +
                 std::to_string(static_cast<unsigned char>(operation)));
        }
    }

    std::deque<PickleValue>               &values;
    const std::string                     &bytes;
    const std::string                     &name;
    std::size_t                            position;
    std::vector<PickleValue *>             stack;
    std::vector<std::size_t>               marks;
    std::map<std::uint64_t, PickleValue *> memory;
    std::size_t                            n_copied = 0;
  };



  Pickle::Pickle(const std::string &bytes,
                 const std::string &name,
                 const std::size_t  begin)
  {
    Reader reader(values, bytes, name, begin);
    result       = reader.run();
    end_position = reader.position_now();
  }
} // namespace lsr
